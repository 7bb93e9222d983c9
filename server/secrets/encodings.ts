/** The usual encodings of a secret, for a search in texts that a tool returned. */

/** Fewer characters than this would match by chance. */
const MIN_LENGTH = 8;

/**
 * The texts by which the value is found when it was encoded, alone or as a part of something longer: base64 and base64url,
 * hexadecimal, percent-encoding, HTML, and JSON within JSON.
 */
export function encodingsOf(value: string): string[] {
  const bytes = Buffer.from(value, "utf8");
  const hex = bytes.toString("hex");
  const found = new Set<string>([hex, hex.toUpperCase(), ...base64Of(bytes), ...percentOf(value)]);
  found.add(value.replaceAll(/[&<>"']/g, (char) => HTML[char]!));
  found.add(JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1));
  found.delete(value);
  return [...found].filter((text) => text.length >= MIN_LENGTH);
}

const HTML: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/**
 * Base64 writes three bytes as four characters, so the text depends on how many bytes precede the value (`user:` in basic
 * authentication). For each of the three positions: the characters that the value alone determines.
 */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    const standard = text.slice(from, to);
    return [standard, standard.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function percentOf(value: string): string[] {
  if (!value.isWellFormed()) return [];
  const form = new URLSearchParams({ value }).toString().slice("value=".length);
  const texts = [encodeURIComponent(value), form, form.replaceAll("+", "%20")];
  return texts.flatMap((text) => [text, text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}
