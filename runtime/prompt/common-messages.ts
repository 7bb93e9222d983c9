/** Counts the messages that a prompt shares with the one before: the event of a prompt holds only the new ones. */
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
  // Of messages that carry more than text, only the very same one counts as the same.
  return (
    (a.role === "system" && b.role === "system") ||
    (a.role === "user" && b.role === "user") ||
    (a.role === "assistant" && b.role === "assistant" && !a.calls && !b.calls)
  );
}
