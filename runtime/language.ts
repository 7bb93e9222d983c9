/** The language of our own texts for models and users. */
import type { Settings } from "./graph.ts";

export type Language = "en" | "zh";

/** The agent's setting; for `auto`, Chinese when the texts (the message first) hold Chinese characters. */
export function languageOf(setting: Settings["language"], ...texts: string[]): Language {
  if (setting !== "auto") return setting;
  for (const text of texts) {
    const sample = text.slice(0, 2000);
    if (sample.trim() !== "")
      return /\p{Script=Han}/u.test(sample) && !/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(sample) ? "zh" : "en";
  }
  return "en";
}
