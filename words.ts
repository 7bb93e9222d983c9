/**
 * The retired words of CONTRIBUTING.md ("Words"), as a check: they may stand neither in identifiers nor in the texts of
 * the user interface. Each entry says what to write instead.
 */
import type { Sources } from "./house.ts";

/** Words of an identifier (`mendFor` has "mend" and "for"), in any case. */
const IDENTIFIER_WORDS: Record<string, string> = {
  mend: "fix",
  mends: "fixes",
  gist: "preview",
  purse: "quota",
  tell: "emit, log, report or notify",
  tells: "emits, logs, reports or notifies",
  told: "emitted, logged, reported or notified",
  hear: "receive, on…",
  mint: "acquire",
  burn: "release",
  rests: "grounding, or parked",
  elsewhere: "cluster, peer",
  whoever: "the noun",
  wire: "edge",
  wires: "edges",
  wired: "connected",
  shelf: "store, cache",
};

/** Whole identifiers. */
const IDENTIFIERS: { pattern: RegExp; use: string }[] = [
  { pattern: /World$/, use: "…Deps" },
  { pattern: /^(?:Standing|Seals|Once|Turns)$/, use: "a name that says what it does" },
  { pattern: /^when(?:There|Calm)$/, use: "waitForElement, runWhenIdle" },
];

/** Where an old name must stand: tests that read what an older version stored. */
const ALLOWED: { file: RegExp; identifier: RegExp }[] = [
  { file: /^(?:runtime\/stored-event|server\/testing\/data-v0)\.test\.ts$/, identifier: /^(?:rests|mend)$/ },
];

/** English texts of the user interface. */
const UI_WORDS: { pattern: RegExp; use: string }[] = [
  { pattern: /\bwir(?:es?|ed|ing)\b/i, use: "connection, connect" },
  { pattern: /\bmend(?:s|ed|ing)?\b/i, use: "fix" },
  { pattern: /\b(?:un)?folds?\b|\b(?:un)?folded\b/i, use: "collapse, expand" },
  { pattern: /\bwhat waits\b/i, use: "Inbox" },
  { pattern: /\bjobs?\b/i, use: "task" },
  { pattern: /\banew\b/i, use: "again, re-…" },
  { pattern: /\bmap of keys\b/i, use: "keyboard shortcuts" },
  { pattern: /\brests? on\b/i, use: "is based on" },
  { pattern: /\b(?:whoever|nobody|somebody)\b/i, use: "the noun" },
  { pattern: /\bthere is none\b/i, use: "not found" },
  { pattern: /\bwhat it holds\b/i, use: "contents" },
];

/** The words of an identifier in lower case: "runHTTPJob" gives run, http, job. */
function wordsOf(identifier: string): string[] {
  return identifier
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/);
}

/** Source text without comments, strings and regular expressions, so that what is left are names. */
function namesOnly(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\/|(?<![:"'`\\])\/\/.*$/gm, "")
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '""')
    .replaceAll(/(?<=[(,=:[!&|?{};\n]\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g, '""');
}

/** One line per retired identifier and file: "file: name (use …)". */
export function retiredIdentifiers(sources: Sources): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    const names = new Set(namesOnly(text).match(/[A-Za-z_$][\w$]*/g));
    for (const name of names) {
      if (ALLOWED.some((one) => one.file.test(file) && one.identifier.test(name))) continue;
      const use =
        IDENTIFIERS.find(({ pattern }) => pattern.test(name))?.use ??
        wordsOf(name)
          .filter((word) => Object.hasOwn(IDENTIFIER_WORDS, word))
          .map((word) => IDENTIFIER_WORDS[word])[0];
      if (use) found.push(`${file}: ${name} (use ${use})`);
    }
  }
  return found;
}

/** One line per text of the user interface that has a retired word: "path: text (use …)". */
export function retiredTexts(texts: unknown, path = ""): string[] {
  if (typeof texts === "string")
    return UI_WORDS.filter(({ pattern }) => pattern.test(texts)).map(({ use }) => `${path}: ${texts} (use ${use})`);
  return Object.entries(texts as object).flatMap(([key, value]) => retiredTexts(value, path ? `${path}.${key}` : key));
}
