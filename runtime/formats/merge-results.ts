/** For plain-text formats: calls become text of the assistant, and the results of a message's calls one user message. */
import type { Message, ToolMessage } from "../message.ts";

type Assistant = Extract<Message, { role: "assistant" }>;

export function mergeResults(
  messages: readonly Message[],
  writeCalls: (message: Assistant) => string,
  writeResults: (results: ToolMessage[]) => string,
): Message[] {
  const written: Message[] = [];
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!;
    if (message.role === "assistant" && message.calls?.length)
      written.push({ role: "assistant", content: writeCalls(message) });
    else if (message.role !== "tool") written.push(message);
    else {
      const results: ToolMessage[] = [message];
      while (messages[i + 1]?.role === "tool") results.push(messages[++i] as ToolMessage);
      written.push({ role: "user", content: writeResults(results) });
    }
  }
  return written;
}
