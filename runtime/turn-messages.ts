/** The messages that a run adds to its session's conversation. */
import type { RunEvent } from "./event.ts";
import type { Message } from "./message.ts";

/**
 * The turn that a run adds to its session's conversation: the user's message, then the messages and tool results of the
 * nodes that made the reply, or the reply alone when no model feeds it. Empty until the run is done.
 */
export function turnMessages(
  events: readonly RunEvent[],
  feedsReply: (node: string) => boolean = () => true,
): Message[] {
  const start = events.find((event) => event.type === "run-start");
  const end = events.find((event) => event.type === "run-end");
  if (!start || !end) return [];
  const { message, files } = start.input;
  const user: Message = {
    role: "user",
    content: files?.length
      ? [{ type: "text", text: message }, ...files.map((file) => ({ type: "file" as const, file }))]
      : message,
  };
  const messages: Message[] = [];
  const calls = new Map<string, string>();
  for (const event of events) {
    if (event.type === "message" && !event.scope?.length && feedsReply(event.node)) {
      messages.push(event.message);
      for (const call of event.message.calls ?? []) calls.set(`${event.node} ${call.id}`, call.name);
    } else if (event.type === "tool-end" && !event.scope?.length) {
      const name = calls.get(`${event.node} ${event.call}`);
      if (name !== undefined)
        messages.push({
          role: "tool",
          call: event.call,
          name,
          content: event.result.content,
          ...(event.result.error ? { error: true } : {}),
          ...(event.result.files?.length ? { files: event.result.files } : {}),
        });
    }
  }
  const reply = typeof end.output.reply === "string" ? end.output.reply : JSON.stringify(end.output.reply);
  const last = messages.findLast((one) => one.role === "assistant");
  // Only the last text was shown: earlier ones were sent back for repair, or belong to earlier nodes.
  const kept = messages.filter((one) => one.role !== "assistant" || one.calls?.length || one === last);
  // The person read the reply, which may differ from the model's raw text (false citation markers removed, repaired).
  if (last?.role !== "assistant" || last.calls?.length)
    return [user, ...orderCalls(kept), { role: "assistant", content: reply }];
  return [user, ...orderCalls(kept).map((one) => (one === last ? { ...last, content: reply } : one))];
}

/** Puts tool results after their calls, in the same order. A call without a result gets one that says so. */
function orderCalls(messages: Message[]): Message[] {
  const results = new Map(messages.filter((one) => one.role === "tool").map((one) => [one.call, one]));
  return messages
    .filter((one) => one.role !== "tool")
    .flatMap((one) =>
      one.role === "assistant" && one.calls
        ? [
            one,
            ...one.calls.map(
              (call): Message =>
                results.get(call.id) ?? {
                  role: "tool",
                  call: call.id,
                  name: call.name,
                  content: "This call was not made.",
                  error: true,
                },
            ),
          ]
        : [one],
    );
}
