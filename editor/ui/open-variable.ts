/** The name that is being written between `{{` and `}}` at an offset of a line. */
export interface OpenVariable {
  /** The name so far, before and after the offset. */
  start: number;
  end: number;
  /** The braces that still have to be written behind it. */
  close: string;
}

/** Undefined outside of braces, and where more than a name stands in them. */
export function openVariable(line: string, at: number): OpenVariable | undefined {
  const before = /\{\{-?\s*([^\s{}|]*)$/.exec(line.slice(0, at));
  if (!before) return undefined;
  const start = at - before[1]!.length;
  const end = at + /^[\p{ID_Continue}-]*/u.exec(line.slice(at))![0].length;
  const closed = /^\s*(?:\||-?\}\})/.test(line.slice(end));
  return { start, end, close: closed ? "" : line[end] === "}" ? "}" : "}}" };
}
