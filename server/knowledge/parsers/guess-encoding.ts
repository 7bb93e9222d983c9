/**
 * Guesses the encoding of bytes that are neither declared nor UTF-8. Each candidate decodes them; the one in whose
 * languages the text is the least surprising wins. Surprise is measured in bits: what is frequent costs few.
 */
import { ALPHABETS, type Alphabet, COMMON, SIGNS } from "./alphabets.ts";

export interface Guess {
  encoding: string;
  /** Another encoding gives another text that is nearly as likely. */
  doubtful: boolean;
}

/** Bytes that are looked at. */
const SAMPLE = 65_536;
/** A letter of ASCII, the same for all candidates. */
const ASCII_BITS = 4.5;
const SIGN_BITS = 9;
const STRANGE_BITS = 16;
const NEVER_BITS = 30;
/** An average character beyond ASCII that costs more is no text. */
const MAX_AVERAGE = 15;
/** A lead that is smaller is doubtful. */
const CERTAIN_BITS = 6;

/** What an encoding costs before it is looked at: the rarer it is in files, the more. */
const PRIOR: Record<string, number> = {
  "iso-8859-2": 6,
  "iso-8859-7": 5,
  "iso-8859-13": 7,
  "iso-8859-5": 7,
  "iso-8859-6": 6,
  "iso-8859-8": 6,
  "koi8-u": 4,
  ibm866: 5,
  macintosh: 6,
  "x-mac-cyrillic": 8,
  "windows-1250": 3,
  "windows-1251": 1,
  "windows-1253": 3,
  "windows-1254": 3,
  "windows-1255": 2,
  "windows-1256": 4,
  "windows-1257": 5,
  "windows-1258": 8,
  "windows-874": 4,
  big5: 2,
  "euc-kr": 1,
  "euc-jp": 8,
};

/** `bits`: of everything; `foreign`: of the `characters` beyond ASCII. */
type Cost = { bits: number; foreign: number; characters: number };

/** Undefined when no candidate makes a text of the bytes. */
export function guessEncoding(bytes: Uint8Array): Guess | undefined {
  const sample = sampleOf(bytes);
  const scores = new Map<string, Cost & { text: string }>();
  const add = (encoding: string, text: string, cost: Cost) => {
    const bits = cost.bits + (PRIOR[encoding] ?? 0);
    const before = scores.get(encoding);
    if (!before || bits < before.bits) scores.set(encoding, { ...cost, bits, text });
  };
  for (const encoding of Object.keys(COMMON)) {
    const text = decoded(sample, encoding);
    if (text !== undefined) add(encoding, text, wideCost(sample, text, encoding));
  }
  const texts = new Map<string, string | undefined>();
  for (const alphabet of ALPHABETS)
    for (const encoding of alphabet.encodings) {
      if (!texts.has(encoding)) texts.set(encoding, decoded(sample, encoding));
      const text = texts.get(encoding);
      if (text !== undefined) add(encoding, text, narrowCost(text, alphabet));
    }
  const ranked = [...scores].sort(([, a], [, b]) => a.bits - b.bits);
  for (const [encoding, best] of ranked) {
    if (best.foreign / Math.max(1, best.characters) > MAX_AVERAGE) continue;
    if (decoded(bytes, encoding) === undefined) continue;
    const next = ranked.find(([, other]) => other.text !== best.text && other !== best);
    return { encoding, doubtful: next !== undefined && next[1].bits - best.bits < CERTAIN_BITS };
  }
  return undefined;
}

/** From the first byte beyond ASCII on, cut at ends of lines where there are some. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= SAMPLE) return bytes;
  const first = bytes.findIndex((byte) => byte >= 0x80);
  const start = bytes.lastIndexOf(0x0a, Math.max(0, first)) + 1;
  const end = bytes.lastIndexOf(0x0a, start + SAMPLE);
  return bytes.subarray(start, end > start ? end : start + SAMPLE);
}

function decoded(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const LETTER = /\p{L}/u;
const isAsciiLetter = (character: string | undefined) => character !== undefined && /[a-z]/i.test(character);

/** Of a text in an encoding of one byte a character, as a text of one language. */
function narrowCost(text: string, { letters, latin = false }: Alphabet): Cost {
  const rank = new Map([...letters].map((letter, index) => [letter, index]));
  const step = latin ? 0.4 : 0.165;
  // The frequencies of the letters of a script add up to one; in Latin scripts, ASCII has the larger part.
  const base = latin ? 6 : Math.log2((1 - 2 ** (-step * letters.length)) / (1 - 2 ** -step));
  let foreign = 0;
  let ascii = 0;
  let characters = 0;
  let run = 0;
  let capitals = 0;
  const distinct = new Set<string>();
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character < "\u0080") {
      ascii++;
      run = 0;
      capitals = isUpper(character) ? capitals + 1 : 0;
      continue;
    }
    characters++;
    run++;
    distinct.add(character);
    const lower = character.toLowerCase();
    const before = text[i - 1];
    const after = text[i + 1];
    const place = rank.get(lower);
    if (place === undefined) {
      capitals = 0;
      foreign += signOrStranger(character, before, after);
      continue;
    }
    const upper = lower !== character;
    foreign += base + place * step;
    if (upper) foreign += isUpper(before) || isUpper(after) ? 0.8 : 4;
    if (upper && isLower(before)) foreign += 9;
    // Within a word, small letters follow one capital or none.
    if (!upper && capitals > 1) foreign += 5;
    capitals = upper ? capitals + 1 : 0;
    if (latin) {
      if (run > 2) foreign += 6;
      if (!isLetter(before) && !isLetter(after)) foreign += 3;
    } else {
      if (isAsciiLetter(before)) foreign += 8;
      if (isAsciiLetter(after)) foreign += 8;
      foreign += thaiFault(character, before, after);
    }
    if (character === before && character === text[i - 2]) foreign += 12;
  }
  // One letter again and again, and nothing else, is no text.
  if (characters > 2 && distinct.size === 1 && !/[a-z]/i.test(text)) foreign += NEVER_BITS * characters;
  return { bits: foreign + ascii * ASCII_BITS, foreign, characters };
}

function signOrStranger(character: string, before: string | undefined, after: string | undefined): number {
  if (character < "\u00a0") return NEVER_BITS;
  if (!SIGNS.includes(character)) return STRANGE_BITS;
  if (IN_WORDS.includes(character)) return SIGN_BITS;
  // A sign that touches letters is likely a letter of another alphabet.
  return (
    SIGN_BITS +
    (isLetter(before) && isLetter(after) ? 6 : 0) +
    (isForeignLetter(before) || isForeignLetter(after) ? 3 : 0)
  );
}

/** Signs that stand beside letters. */
const IN_WORDS = "’‘“”„«»·\u00ad…–";

/** Thai marks stand over consonants, and its leading vowels before them. */
function thaiFault(character: string, before: string | undefined, after: string | undefined): number {
  if (character < "\u0e00" || character > "\u0e7f") return 0;
  const consonant = (one: string | undefined) => one !== undefined && one >= "\u0e01" && one <= "\u0e2e";
  const mark = (one: string | undefined) => one !== undefined && /[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]/.test(one);
  if (mark(character)) return consonant(before) || mark(before) ? 0 : 8;
  return /[\u0e40-\u0e44]/.test(character) && !consonant(after) ? 8 : 0;
}

const isForeignLetter = (character: string | undefined) => isLetter(character) && character! >= "\u0080";
const isLetter = (character: string | undefined) => character !== undefined && LETTER.test(character);
const isUpper = (character: string | undefined) => isLetter(character) && character !== character!.toLowerCase();
const isLower = (character: string | undefined) => isLetter(character) && character !== character!.toUpperCase();

/** Of a text in an encoding of two bytes and more a character. */
function wideCost(bytes: Uint8Array, text: string, encoding: string): Cost {
  const common = COMMON[encoding]!;
  let foreign = 0;
  let ascii = 0;
  let characters = 0;
  let at = 0;
  let before: string | undefined;
  for (const character of text) {
    const lead = bytes[at]!;
    const trail = bytes[at + 1] ?? 0;
    at += width(lead, trail, encoding);
    if (character < "\u0080") {
      ascii++;
      if (isAsciiLetter(character) && isForeignLetter(before)) foreign += 3;
    } else {
      characters++;
      if (isAsciiLetter(before)) foreign += 3;
      foreign += common.get(character) ?? wideBits(character, lead, trail, encoding, before);
    }
    before = character;
  }
  return { bits: foreign + ascii * ASCII_BITS, foreign, characters };
}

function width(lead: number, trail: number, encoding: string): number {
  if (lead < 0x80) return 1;
  if (encoding === "shift_jis") return (lead >= 0xa1 && lead <= 0xdf) || lead === 0x80 ? 1 : 2;
  if (encoding === "gb18030") return trail >= 0x30 && trail <= 0x39 ? 4 : lead === 0x80 ? 1 : 2;
  if (encoding === "euc-jp") return lead === 0x8f ? 3 : 2;
  return 2;
}

/** A character that is not among the common ones, by how far out its encoding puts it. */
function wideBits(character: string, lead: number, trail: number, encoding: string, before: string | undefined) {
  if (/[\u3001-\u3003\u3008-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f、。·…—“”‘’]/u.test(character)) return 8;
  if (/[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u3000￥％／－～]/u.test(character)) return 11;
  const japanese = encoding === "shift_jis" || encoding === "euc-jp";
  if (/[\u3041-\u3096]/.test(character)) return japanese ? 5.5 : 17;
  if (/[\u30a1-\u30fc]/.test(character)) return japanese ? 7 : 17;
  if (/[\uff61-\uff9f]/.test(character)) return before !== undefined && /[\uff61-\uff9f]/.test(before) ? 6.5 : 13;
  switch (encoding) {
    case "gb18030":
      if (trail < 0xa1) return 24;
      return lead >= 0xb0 && lead <= 0xd7 ? 13.7 : lead >= 0xd8 && lead <= 0xf7 ? 18 : 20;
    case "big5":
      return lead >= 0xa4 && lead <= 0xc6 ? 13.7 : lead >= 0xc9 && lead <= 0xf9 ? 18 : 20;
    case "shift_jis":
      return lead >= 0x88 && lead <= 0x97 ? 13.5 : lead === 0x98 || (lead >= 0x99 && lead <= 0xea) ? 18 : 22;
    case "euc-jp":
      return lead >= 0xb0 && lead <= 0xcf ? 13.5 : lead >= 0xd0 && lead <= 0xf4 ? 18 : 22;
    default:
      if (trail < 0xa1 || lead < 0xa1) return 22;
      return lead >= 0xb0 && lead <= 0xc8 ? 13.4 : 20;
  }
}
