const HAN = /\p{Script=Han}/u;
/** A sentence with its end. A dot inside a word or a number (`v1.2`, `city.name`) ends none. */
const SENTENCE = /.+?(?:[。！？]|[.!?](?=\s|$)|$)\s*/gsu;

/**
 * The sentences of a text that are in this language. The summary of a tool is for models, who read both languages and
 * are found by words of either; a person reads one. A text in one language alone stays whole.
 */
export function inLanguage(text: string, language: string): string {
  const kept = [...text.matchAll(SENTENCE)].map(([sentence]) => sentence);
  const fitting = kept.filter((sentence) => HAN.test(sentence) === (language === "zh"));
  return fitting.length === 0 ? text : fitting.join("").trim();
}
