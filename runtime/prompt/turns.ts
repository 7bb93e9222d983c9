/** Splits a conversation into turns: a user's message and the messages after it. Turns are kept or dropped whole. */
import type { Message } from "../message.ts";

/**
 * Splits at user messages. Messages before the first one form a turn. System messages are left out: they are the
 * agent's, not the conversation's.
 */
export function turnsOf(history: readonly Message[]): Message[][] {
  const turns: Message[][] = [];
  let turn: Message[] | undefined;
  for (const message of history) {
    if (message.role === "system") continue;
    if (!turn || message.role === "user") {
      turn = [];
      turns.push(turn);
    }
    turn.push(message);
  }
  return turns;
}

/**
 * Returns a history that any endpoint accepts: the results of calls follow them in the same order, and every result has
 * a call. Histories come from callers too, so they may be broken. Returns the same array when nothing is wrong.
 */
export function repairHistory(history: readonly Message[]): readonly Message[] {
  if (isWhole(history)) return history;
  const repaired: Message[] = [];
  for (let i = 0; i < history.length; i++) {
    const message = history[i]!;
    if (message.role === "tool") continue;
    repaired.push(message);
    if (message.role !== "assistant" || !message.calls?.length) continue;
    const results = new Map<string, Message>();
    for (let j = i + 1; j < history.length && history[j]!.role === "tool"; j++) {
      const result = history[j] as Extract<Message, { role: "tool" }>;
      if (!results.has(result.call)) results.set(result.call, result);
    }
    for (const call of message.calls)
      repaired.push(
        results.get(call.id) ?? {
          role: "tool",
          call: call.id,
          name: call.name,
          content: "There is no result of this call.",
          error: true,
        },
      );
  }
  return repaired;
}

function isWhole(history: readonly Message[]): boolean {
  for (let i = 0; i < history.length; ) {
    const message = history[i++]!;
    if (message.role === "tool") return false;
    if (message.role !== "assistant" || !message.calls?.length) continue;
    for (const call of message.calls) {
      const result = history[i++];
      if (result?.role !== "tool" || result.call !== call.id) return false;
    }
  }
  return true;
}
