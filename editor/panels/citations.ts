/** Citations in an answer: `[n]` counts by the passages that were given. */

/** What a citation's link begins with. */
export const CITE = "#cite-";

/** A citation `[2]` as a link to passage 2, where there is one; anything else in brackets stays text. Code is left alone. */
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
