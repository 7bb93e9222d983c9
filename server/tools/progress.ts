/** The progress that a tool reports during a call, as lines for a person. */
import type { Secrets } from "../secrets/service.ts";
import { cleanText, cutText } from "./clean-text.ts";

/** What a tool reports of a call under way. */
export interface ToolProgress {
  progress: number;
  total?: number;
  message?: string;
}

const EVERY_MS = 250;
/** Of one call: a program may report without end. */
const MAX_LINES = 1_000;
const MAX_LENGTH = 200;

/** Passes on at most four lines a second, cleaned and redacted. */
export function progressLines(
  emit: (line: string) => void,
  { secrets, now }: { secrets: Pick<Secrets, "redact">; now(): number },
): (progress: ToolProgress) => void {
  let last = Number.NEGATIVE_INFINITY;
  let count = 0;
  return ({ progress, total, message }) => {
    if (now() - last < EVERY_MS || ++count > MAX_LINES) return;
    last = now();
    const amount = [progress, total].filter((part) => typeof part === "number" && Number.isFinite(part)).join("/");
    const text =
      typeof message === "string" ? cutText(message.slice(0, 2_000).replaceAll(/\s+/g, " ").trim(), MAX_LENGTH) : "";
    const line = secrets.redact(cleanText([amount, text].filter(Boolean).join(" ")), { encoded: true });
    if (line !== "") emit(line.replaceAll("\n", " "));
  };
}
