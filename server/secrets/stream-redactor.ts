/** Redaction of text that arrives in pieces. */

export interface StreamRedactor {
  /** Takes a piece; returns the text that can be shown. The start of what may become a secret is held back. */
  push(text: string): string;
  /** The text that is held back. */
  end(): string;
}

/** `needles`: the texts that `redact` replaces, read for each piece, because secrets change. */
export function streamRedactor(needles: () => readonly string[], redact: (text: string) => string): StreamRedactor {
  let held = "";
  let known: readonly string[] | undefined;
  let byFirst = new Map<string, string[]>();
  const index = (current: readonly string[]) => {
    if (current === known) return;
    known = current;
    byFirst = Map.groupBy(current, (needle) => needle[0]!);
  };
  /** The first position from which the text may continue as a secret. */
  const cutOf = (text: string): number => {
    for (let at = 0; at < text.length; at++)
      for (const needle of byFirst.get(text[at]!) ?? [])
        if (needle.length > text.length - at && needle.startsWith(text.slice(at))) return at;
    return text.length;
  };
  return {
    push(text) {
      index(needles());
      const all = held + text;
      if (byFirst.size === 0) {
        held = "";
        return all;
      }
      // Whole secrets first: what is held back never begins inside one.
      const clean = redact(all);
      const cut = cutOf(clean);
      held = clean.slice(cut);
      return clean.slice(0, cut);
    },
    end() {
      const rest = redact(held);
      held = "";
      return rest;
    },
  };
}
