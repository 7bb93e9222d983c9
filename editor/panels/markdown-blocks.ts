/** A line that can belong to the block before the blank line: part of a list, a quotation, a table, or indented. */
const CONTINUES = /^(\s|[-*+>|]|\d+[.)])/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
/** The definition of a link or a footnote, which other blocks can use. */
const DEFINITION = /^ {0,3}\[[^\]]+\]:/m;

/**
 * Splits Markdown at blank lines where a block ends for certain, so that a growing text is parsed from its last block on.
 * The blocks joined are the text.
 */
export function markdownBlocks(text: string): string[] {
  if (DEFINITION.test(text)) return [text];
  const lines = text.split(/(?<=\n)/);
  const blocks: string[] = [];
  let block = "";
  let fence: string | undefined;
  let blank = false;
  for (const line of lines) {
    const mark = FENCE.exec(line)?.[1];
    if (blank && fence === undefined && line.trim() !== "" && !CONTINUES.test(line)) {
      blocks.push(block);
      block = "";
    }
    if (mark && fence === undefined) fence = mark;
    else if (mark && fence !== undefined && mark.startsWith(fence) && line.trim() === mark) fence = undefined;
    blank = line.trim() === "";
    block += line;
  }
  return [...blocks, block];
}
