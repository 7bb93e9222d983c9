/** Turns of a session that a later one replaced: the user edited a message, or asked for another reply. */

interface Turn {
  run: string;
  /** See `run-start`. */
  replaces?: string;
}

/**
 * The turns that are still part of the conversation, in order: a turn removes the one that it replaces and all after it.
 * `next`: the turn that follows, which has not begun. A turn that is replaced already is ignored.
 */
export function withoutReplaced<T extends Turn>(turns: readonly T[], next?: string): T[] {
  const kept: T[] = [];
  const cut = (replaced: string | undefined) => {
    const index = replaced === undefined ? -1 : kept.findIndex((turn) => turn.run === replaced);
    if (index >= 0) kept.length = index;
  };
  for (const turn of turns) {
    cut(turn.replaces);
    kept.push(turn);
  }
  cut(next);
  return kept;
}
