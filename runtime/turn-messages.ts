/** The messages that a run adds to its session's conversation. */
import { type EventOf, nodeKey, type RunEvent } from "./event.ts";
import type { AssistantMessage, Message } from "./message.ts";

/** Of the calls that no message of the turn holds, a note shows so many, each with so much of its text. */
const MAX_NOTED_CALLS = 20;
const MAX_NOTED_CHARACTERS = 300;

/**
 * The turn that a run adds to its session's conversation: the user's message, then the messages and tool results of the
 * nodes that made the reply, or the reply alone when no model feeds it. A run that ended without a reply adds what was
 * asked and what its tools did, and a note that says how it ended: a model that knows neither would do it again. Empty
 * until the run has ended. Each call has its result; the last message is the assistant's.
 */
export function turnMessages(
  events: readonly RunEvent[],
  feedsReply: (node: string) => boolean = () => true,
): Message[] {
  const start = events.find((event) => event.type === "run-start");
  const end = events.findLast(
    (event) => event.type === "run-end" || event.type === "run-fail" || event.type === "run-cancel",
  );
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
  const last = messages.findLast((one) => one.role === "assistant");
  // Only the last text was shown: earlier ones were sent back for repair, or belong to earlier nodes.
  const kept = messages.filter((one) => one.role !== "assistant" || one.calls?.length || one === last);
  const started = new Set(events.flatMap((event) => (event.type === "tool-start" ? [event.call.id] : [])));
  const ordered = orderCalls(kept, started);
  const spoken = last?.role === "assistant" && !last.calls?.length ? last : undefined;
  if (end.type !== "run-end") {
    const note = endNote(end, otherCalls(events, calls));
    if (!spoken) return [user, ...ordered, { role: "assistant", content: note }];
    return [user, ...replaceLast(ordered, spoken, [spoken.content, note].filter(Boolean).join("\n\n"))];
  }
  const reply = typeof end.output.reply === "string" ? end.output.reply : JSON.stringify(end.output.reply);
  // The person read the reply, which may differ from the model's raw text (false citation markers removed, repaired).
  if (!spoken) return [user, ...ordered, { role: "assistant", content: reply }];
  return [user, ...replaceLast(ordered, spoken, reply)];
}

/** The messages with the assistant's last one at their end, with this text. */
function replaceLast(messages: Message[], last: AssistantMessage, content: string): Message[] {
  return [...messages.filter((one) => one !== last), { ...last, content }];
}

/** How a run without a reply ended. In brackets, so that it does not read as the assistant's own words. */
function endNote(end: EventOf<"run-fail"> | EventOf<"run-cancel">, other: string[]): string {
  const how =
    end.type === "run-cancel"
      ? "was cancelled"
      : end.error.code.endsWith("_limit")
        ? `was stopped at a limit (${end.error.code})`
        : `ended with an error (${end.error.code})`;
  const shown = other.slice(0, MAX_NOTED_CALLS);
  const more = other.length - shown.length;
  return [
    `[This turn ${how} before there was a reply. What its tools did stays done.`,
    ...(shown.length > 0 ? [" Other calls of this turn:", ...shown.map((line) => `\n- ${line}`)] : []),
    ...(more > 0 ? [`\n- and ${more} more`] : []),
    "]",
  ].join("");
}

/** The calls of nodes that do not make the reply, and of bodies: one line each. */
function otherCalls(events: readonly RunEvent[], shown: ReadonlyMap<string, string>): string[] {
  const ends = new Map(
    events.flatMap((event) => (event.type === "tool-end" ? [[callKey(event, event.call), event] as const] : [])),
  );
  const lines = new Map<string, string>();
  for (const event of events) {
    if (event.type !== "tool-start" || event.tool === undefined) continue;
    const { call, node, scope } = event;
    if (!scope?.length && shown.has(`${node} ${call.id}`)) continue;
    const result = ends.get(callKey(event, call.id))?.result;
    const outcome = result ? `${result.error ? "failed: " : ""}${result.content}` : NOT_KNOWN;
    lines.set(
      callKey(event, call.id),
      `${event.tool} ${short(JSON.stringify(call.arguments ?? {}))} → ${short(outcome)}`,
    );
  }
  return [...lines.values()];
}

const NOT_KNOWN = "The result of this call is not known. It may have taken effect.";

function callKey({ node, scope }: Pick<EventOf<"tool-start">, "node" | "scope">, call: string): string {
  return `${nodeKey(scope, node)} ${call}`;
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > MAX_NOTED_CHARACTERS ? `${line.slice(0, MAX_NOTED_CHARACTERS)}…` : line;
}

/**
 * Tool results in the order of their calls, right behind them. A call without a result gets one that says whether it was
 * made: `started` has the ids of those that were.
 */
function orderCalls(messages: Message[], started: ReadonlySet<string>): Message[] {
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
                  content: started.has(call.id) ? NOT_KNOWN : "This call was not made.",
                  error: true,
                },
            ),
          ]
        : [one],
    );
}
