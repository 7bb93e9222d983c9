/**
 * Decodes text. A byte order mark is believed first, then a declared encoding, then UTF-8 where the bytes are valid; else
 * the encoding that fits best. Invisible characters that could hide words are removed.
 */
import { PatchbayError } from "../../../runtime/error.ts";
import { guessEncoding } from "./guess-encoding.ts";

export interface Decoded {
  text: string;
  /** One sentence, when the encoding is doubtful or some bytes could not be read. */
  warning?: string;
}

export interface DecodeHints {
  /** What brought the bytes: of a `Content-Type`. */
  charset?: string;
  /** The text is HTML, whose `<meta>` is read. */
  html?: boolean;
}

/** Bytes of a declared encoding, of a hundred, that may be broken. */
const MAX_BROKEN = 0.01;

/** Throws `unsupported_media_type` for bytes that are not text. Line ends become `\n`. */
export function decodeText(bytes: Uint8Array, title: string, hints: DecodeHints = {}): Decoded {
  const { text, warning } = decode(bytes, title, hints);
  return { text: clean(text), ...(warning !== undefined && { warning }) };
}

function decode(bytes: Uint8Array, title: string, { charset, html }: DecodeHints): Decoded {
  const marked = byMark(bytes);
  if (marked) return lenient(bytes, marked) ?? { text: new TextDecoder(marked).decode(bytes) };
  for (const label of [charset, declared(bytes, html === true)]) {
    const found = label === undefined ? undefined : lenient(bytes, label);
    if (found) return found;
  }
  const wide = unmarkedUtf16(bytes);
  if (wide) return { text: new TextDecoder(wide).decode(bytes) };
  if (bytes.subarray(0, 65_536).includes(0)) throw notText(title);
  // Japanese mail: ASCII bytes, with escapes.
  const encoding = includesEscape(bytes) ? strict(bytes, "iso-2022-jp") : undefined;
  const text = encoding ?? strict(bytes, "utf-8");
  if (text !== undefined) return { text };
  const almost = lenient(bytes, "utf-8");
  if (almost && [...almost.text].filter((one) => one > "\u0080" && one !== BROKEN).length > 0) return almost;
  const guess = guessEncoding(bytes);
  const guessed = guess && strict(bytes, guess.encoding);
  if (guess === undefined || guessed === undefined) throw notText(title);
  return {
    text: guessed,
    ...(guess.doubtful && {
      warning: `The encoding is a guess: read as ${nameOf(guess.encoding)}. If characters are wrong, save the file as UTF-8 and add it again.`,
    }),
  };
}

function byMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8";
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  if (bytes[0] === 0x84 && bytes[1] === 0x31 && bytes[2] === 0x95 && bytes[3] === 0x33) return "gb18030";
  return undefined;
}

/** What an XML declaration, or a `<meta>` in the first bytes of HTML, says. It is read as ASCII, also in UTF-16. */
function declared(bytes: Uint8Array, html: boolean): string | undefined {
  const wide = unmarkedUtf16(bytes);
  const start = new TextDecoder(wide ?? "latin1").decode(bytes.subarray(0, 4096));
  const label =
    /^\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.:-]{1,40})["']/i.exec(start)?.[1] ??
    (html ? /<meta\s[^>]*?\bcharset\s*=\s*["']?\s*([\w.:-]{1,40})/i.exec(start)?.[1] : undefined);
  // A declaration that can be read byte by byte is not in UTF-16, whatever it says.
  return label !== undefined && /^(?:utf-?16|ucs-?2|unicode$)/i.test(label) ? (wide ?? "utf-8") : label;
}

/** Latin text in UTF-16 without a mark: every other byte is zero. */
function unmarkedUtf16(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, 4096);
  if (sample.length < 4 || bytes.length % 2 !== 0) return undefined;
  let even = 0;
  let odd = 0;
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) i % 2 === 0 ? even++ : odd++;
  const half = sample.length / 2;
  for (const [zeros, others, label] of [
    [odd, even, "utf-16le"],
    [even, odd, "utf-16be"],
  ] as const)
    if (zeros > half * 0.1 && others < zeros / 20 && readable(sample, label)) return label;
  return undefined;
}

function readable(bytes: Uint8Array, label: string): boolean {
  const text = strict(bytes.subarray(0, bytes.length & ~1), label);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what binary files have
  return text !== undefined && !/[\u0000-\u0008\u000e-\u001f\ufffe\uffff]/.test(text);
}

const includesEscape = (bytes: Uint8Array) => {
  const at = bytes.indexOf(0x1b);
  return at >= 0 && (bytes[at + 1] === 0x24 || bytes[at + 1] === 0x28);
};

function strict(bytes: Uint8Array, label: string): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const BROKEN = "\ufffd";

/** As `strict`, with a warning where a few bytes are broken. Undefined for an unknown label, and where many are. */
function lenient(bytes: Uint8Array, label: string): Decoded | undefined {
  const whole = strict(bytes, label);
  if (whole !== undefined) return { text: whole };
  let text: string;
  try {
    text = new TextDecoder(label).decode(bytes);
  } catch {
    return undefined;
  }
  const broken = text.split(BROKEN).length - 1;
  const foreign = [...text].filter((one) => one > "\u0080").length;
  if (broken > Math.max(foreign / 10, foreign > 4 ? 1 : 0) || broken > Math.max(1, text.length * MAX_BROKEN))
    return undefined;
  return {
    text,
    warning: `${broken} ${broken === 1 ? "character" : "characters"} could not be read as ${nameOf(label)}.`,
  };
}

function nameOf(label: string): string {
  const known: Record<string, string> = {
    gb18030: "GB18030 (Chinese)",
    big5: "Big5 (Chinese)",
    shift_jis: "Shift_JIS (Japanese)",
    "euc-jp": "EUC-JP (Japanese)",
    "euc-kr": "EUC-KR (Korean)",
    "windows-1252": "Windows-1252 (Western)",
    "windows-1250": "Windows-1250 (Central European)",
    "windows-1251": "Windows-1251 (Cyrillic)",
    "utf-8": "UTF-8",
  };
  return known[label.toLowerCase()] ?? label;
}

/** Control characters, direction overrides and Unicode tags are invisible to a person, but a model reads them. */
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  /[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu;

function clean(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(HIDDEN, "");
}

function notText(title: string): PatchbayError {
  return new PatchbayError(
    "unsupported_media_type",
    `"${title}" is not text in any known encoding: save it as UTF-8, or export it as Markdown, text, HTML, CSV or JSON.`,
  );
}
