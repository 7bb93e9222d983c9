/** Citations in a reply: `[n]` refers to the n-th passage. */

/** The prefix of a citation's link. */
export const CITE = "#cite-";

/** Turns a citation `[2]` into a link to passage 2, if it exists. Other brackets and code do not change. */
export function linkCitations(text: string, passages: number): string {
  return text
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part.replaceAll(/\[(\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\](?!\()/g, (whole, numbers: string) => {
            const cited = numbers.split(/[,，、]/).map((one) => Number(one));
            return cited.every((one) => one >= 1 && one <= passages)
              ? cited.map((one) => `[${one}](${CITE}${one})`).join("")
              : whole;
          }),
    )
    .join("");
}
