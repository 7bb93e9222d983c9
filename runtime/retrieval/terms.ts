/**
 * The search terms of a text: words (lower case, without diacritics and English endings) and, for scripts without spaces
 * between words, characters and pairs of characters. One analysis for all languages, so texts in several languages share
 * an index. Deterministic: an index is valid on every machine.
 */

/** Raise it when the terms of a text change: indexes of another version are rebuilt. */
export const TERMS_VERSION = 1;

/** Longer terms are cut: they are not searched for, and they would enlarge the index. */
const MAX_TERM = 40;

const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
const UNIT = new RegExp(
  `(?<run>[${UNSPACED}][${UNSPACED}\\p{M}ー]*)|(?<word>(?:(?![${UNSPACED}])[\\p{L}\\p{N}]\\p{M}*)+)(?:['’]s(?![\\p{L}\\p{N}]))?`,
  "gu",
);

/** Function words. They are removed from queries only, so that an index does not depend on the list. */
const FUNCTION_WORDS = new Set(
  (
    "a an and are as at be been but by can could did do does for from had has have how i if in into is it its me my no not " +
    "of on or our please shall should so such than that the their them then there these they this those to was we were " +
    "what when where which who whom whose why will with would you your"
  ).split(" "),
);
const QUESTION_PHRASES =
  /为什么|为何|什么时候|什么|怎么样|怎么|怎样|如何|请问|请|哪些|哪个|哪里|哪儿|哪一|多少|是否|是不是|有没有|能不能|可不可以|可以吗/gu;
const FUNCTION_CHARACTERS = new Set(
  "的了吗呢是在有和与及为被于谁几哪我你您他她它们这那就都也还要会能吧啊么之其或把让给对",
);

/** The terms of a text in order, repeats included. */
export function terms(text: string): string[] {
  return analyse(text).map((unit) => unit.term);
}

/**
 * The terms of a question, each once: function words are left out unless nothing else remains. Capitals keep a word
 * in ("IT", "WHO").
 */
export function queryTerms(query: string): string[] {
  const stripped = analyse(query.replace(QUESTION_PHRASES, " ")).filter((unit) => !unit.functional);
  const kept = stripped.length > 0 ? stripped : analyse(query);
  return [...new Set(kept.map((unit) => unit.term))];
}

interface Unit {
  term: string;
  functional: boolean;
}

function analyse(text: string): Unit[] {
  const units: Unit[] = [];
  const folded = text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/gu, "")
    .normalize("NFKC");
  for (const match of folded.matchAll(UNIT)) {
    const { run, word } = match.groups!;
    if (run !== undefined) {
      const characters = [...run.toLowerCase()];
      for (let i = 0; i < characters.length; i++) {
        units.push({ term: characters[i]!, functional: FUNCTION_CHARACTERS.has(characters[i]!) });
        if (i + 1 < characters.length) units.push({ term: characters[i]! + characters[i + 1]!, functional: false });
      }
    } else {
      const lower = word!.toLowerCase();
      const isUpperCase = word!.length > 1 && word !== lower && word === word!.toUpperCase();
      units.push({ term: stem(lower).slice(0, MAX_TERM), functional: !isUpperCase && FUNCTION_WORDS.has(lower) });
    }
  }
  return units;
}

const VOWEL = /[aeiouy]/;

/** Removes English inflection (Porter's step 1, then -ly and a final -e). Other words are returned unchanged. */
export function stem(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  let stemmed = word;
  if (stemmed.endsWith("ies")) stemmed = stemmed.length > 4 ? `${stemmed.slice(0, -3)}y` : stemmed.slice(0, -1);
  else if (/(?:ss|x|ch|sh)es$/.test(stemmed)) stemmed = stemmed.slice(0, -2);
  else if (/[^su]s$/.test(stemmed)) stemmed = stemmed.slice(0, -1);
  const verb = /^(.{2,})(?:ing|ed)$/.exec(stemmed);
  if (verb && VOWEL.test(verb[1]!) && !stemmed.endsWith("eed")) {
    stemmed = verb[1]!;
    if (/([^aeiouylsz])\1$/.test(stemmed)) stemmed = stemmed.slice(0, -1);
  }
  if (stemmed.length > 5 && stemmed.endsWith("ly")) stemmed = stemmed.slice(0, -2);
  if (stemmed.length > 4 && stemmed.endsWith("y") && !VOWEL.test(stemmed.at(-2)!)) stemmed = `${stemmed.slice(0, -1)}i`;
  if (stemmed.length > 3 && stemmed.endsWith("e")) stemmed = stemmed.slice(0, -1);
  return stemmed;
}
