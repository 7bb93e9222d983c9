/** External services of the server under test: a tool that counts how often it received each call, and a model that calls it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type MockModel, type MockRequest, startMockModel } from "../../server/testing/mock-model.ts";

export interface Oracle {
  url: string;
  model: MockModel;
  /** Number of calls that reached the tool, by idempotency key. */
  calls: Map<string, number>;
  close(): Promise<void>;
}

const ANSWER = "The counting is done, and each of the calls was made as it was asked for. ".repeat(3);

/** `chance` in [0, 1) determines the duration of each call. */
export async function startOracle(chance: () => number): Promise<Oracle> {
  const calls = new Map<string, number>();
  const server = createServer((request, response) => {
    const key = String(request.headers["idempotency-key"] ?? "");
    request.resume();
    request.on("end", () => {
      calls.set(key, (calls.get(key) ?? 0) + 1);
      setTimeout(() => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ counted: calls.size }));
      }, chance() * 30);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const model = await startMockModel({ chunkMs: 2, delayMs: 3, reply: script });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    model,
    calls,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await model.close();
    },
  };
}

/** The user's message is `id rounds`: makes so many rounds of one parallel call to each tool, then replies. */
function script(request: MockRequest): { text?: string; calls?: { name: string; arguments: unknown }[] } {
  const asked = request.messages.findLastIndex((message) => message.role === "user");
  const [id, rounds] = String(textOf(request.messages[asked]?.content)).split(" ");
  const done = request.messages.slice(asked).filter((message) => message.tool_calls?.length).length;
  if (done >= Number(rounds)) return { text: ANSWER };
  const tools = request.tools ?? [];
  return {
    text: "I count.",
    calls: tools.map((tool) => ({ name: tool.function.name, arguments: { item: `${id}-${done}` } })),
  };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return Array.isArray(content) ? content.map((part: { text?: string }) => part.text ?? "").join("") : "";
}
