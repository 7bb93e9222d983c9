/** What a conversation gives to a trial that is no turn of it. */
import type { RunInput } from "../../runtime/event.ts";
import type { Message } from "../../runtime/message.ts";
import type { Turn } from "./conversation.ts";

/** The whole turns that were answered, as the history that a run brings along; nothing where there are none. */
export function earlierTurns(turns: readonly Turn[]): { history?: RunInput["history"] } {
  const history = turns.flatMap((turn): Message[] => {
    const reply = turn.life?.view.output?.reply;
    if (turn.part || turn.life?.view.status !== "done" || reply === undefined) return [];
    return [
      { role: "user", content: turn.message },
      { role: "assistant", content: typeof reply === "string" ? reply : JSON.stringify(reply) },
    ];
  });
  return history.length > 0 ? { history } : {};
}
