/** Compares prompts: the event of a prompt stores only the messages that the previous one does not have. */
import type { Message } from "../message.ts";

/** How many messages, from the first on, two prompts have in common. */
export function commonMessages(before: readonly Message[], now: readonly Message[]): number {
  const most = Math.min(before.length, now.length);
  for (let i = 0; i < most; i++) if (!same(before[i]!, now[i]!)) return i;
  return most;
}

function same(a: Message, b: Message): boolean {
  if (a === b) return true;
  if (a.role !== b.role || typeof a.content !== "string" || a.content !== b.content) return false;
  // Messages with more than text are the same only as the same object.
  return a.role !== "tool" && !("calls" in a && a.calls) && !("calls" in b && b.calls);
}
