/**
 * Keeps what a server sent as the result of a list or a call. The SDK checks a result as a whole, so one wrong part would
 * lose all of it; it is given an empty one instead, and our own readers read the original part by part.
 */
import type { Client, JSONRPCMessage, Transport } from "@modelcontextprotocol/client";

const RAW = "patchbay/raw";

/** Call before the client connects: the SDK calls a transport's own handler first. */
export function keepRawResults(transport: Transport): void {
  const methods = new Map<string, string>();
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    const sent = message as { id?: unknown; method?: unknown; params?: { requestId?: unknown } };
    if (sent.id !== undefined && (sent.method === "tools/list" || sent.method === "tools/call"))
      methods.set(String(sent.id), sent.method);
    if (sent.method === "notifications/cancelled") methods.delete(String(sent.params?.requestId));
    return send(message, options);
  };
  transport.onmessage = (message: JSONRPCMessage) => {
    const answer = message as { id?: unknown; result?: unknown };
    if (answer.id === undefined || !("result" in message || "error" in message)) return;
    const method = methods.get(String(answer.id));
    methods.delete(String(answer.id));
    const raw = answer.result;
    if (method === undefined || raw === null || typeof raw !== "object") return;
    const { resultType } = raw as Record<string, unknown>;
    if (resultType === "input_required") return;
    answer.result = {
      // Required since 2026-07-28, and not read before it.
      resultType: resultType ?? "complete",
      ...(method === "tools/list" ? { tools: [], ttlMs: 0, cacheScope: "private" } : { content: [] }),
      _meta: { [RAW]: raw },
    };
  };
}

/** The result of a list or a call as the server sent it. */
export function rawResult(
  result: Awaited<ReturnType<Client["callTool"]>> | { _meta?: object },
): Record<string, unknown> {
  return (result._meta as Record<string, unknown> | undefined)?.[RAW] as Record<string, unknown>;
}
