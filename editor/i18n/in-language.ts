const HAN = /\p{Script=Han}/u;
/** A sentence with its end. A dot inside a word or number (`v1.2`, `city.name`) does not end one. */
const SENTENCE = /.+?(?:[。！？]|[.!?](?=\s|$)|$)\s*/gsu;

/**
 * The sentences of a text in one language. Tool summaries are in two languages, because models search them by words of
 * either; a person reads one. A text in only one language is returned whole.
 */
export function inLanguage(text: string, language: string): string {
  const kept = [...text.matchAll(SENTENCE)].map(([sentence]) => sentence);
  const fitting = kept.filter((sentence) => HAN.test(sentence) === (language === "zh"));
  return fitting.length === 0 ? text : fitting.join("").trim();
}
