/** Makes invisible and control characters of external text visible as escapes. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
// C0 and C1 but tab and line breaks; zero-width and bidi marks; tag characters; lone surrogates
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}\u{d800}-\u{dfff}]/gu;

/** Terminal sequences are dropped, invisible characters become `\u{…}`. Linear. Joiners that emoji and scripts need stay. */
export function cleanText(text: string): string {
  return text.replaceAll(ANSI, "").replaceAll(HIDDEN, (found) => `\\u{${found.codePointAt(0)!.toString(16)}}`);
}

/** At most `max` UTF-16 units, never half a character, with a mark that says what was cut. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\ud800-\udbff]/.test(text[max - 1]!) ? max - 1 : max;
  return `${text.slice(0, end)}\n[cut: ${text.length - end} more characters]`;
}
