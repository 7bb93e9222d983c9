/**
 * The server under test for the official MCP suite: agents are published for its tools, and a proxy in front adds the
 * key, which the suite cannot send, and translates tool names (a slug cannot have `_`). Host, Origin, sessions and
 * streams are passed through unchanged.
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { chatGraph, serve } from "../../../testing/served.ts";

/** Tools of the suite that an agent can provide. */
const AGENTS: Record<string, Parameters<typeof chatGraph>[0]> = {
  test_simple_text: {},
  test_error_handling: {},
  test_tool_with_progress: { tools: ["builtin/clock"] },
};
const FAILURE = "Fails, for the suite";

export interface Fixture {
  /** URL for the suite. */
  url: string;
  close(): Promise<void>;
}

export async function startFixture(): Promise<Fixture> {
  const served = await serve({
    text: "This is a simple text response for testing.",
    reply: ({ messages }) =>
      JSON.stringify(messages).includes(FAILURE) ? { status: 400, message: "Fails." } : undefined,
  });
  for (const [name, options] of Object.entries(AGENTS)) {
    const graph = chatGraph({ name, ...options });
    if (name === "test_error_handling") {
      const brief = { id: "brief", type: "prompt", version: 1, config: { template: FAILURE } };
      await served.publish(
        {
          ...graph,
          nodes: [...graph.nodes, brief],
          edges: [...graph.edges, { from: "brief.text", to: "brain.instructions" }],
        },
        slugOf(name),
      );
    } else await served.publish(graph, slugOf(name));
  }
  const { key } = await served.key();

  const proxy = createServer((request, response) => {
    forward(request, response, new URL(served.origin), key).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp`,
    async close() {
      proxy.closeAllConnections();
      proxy.close();
      await served.close();
    },
  };
}

async function forward(request: IncomingMessage, response: ServerResponse, to: URL, key: string): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks)
    .toString()
    .replaceAll(namesIn(Object.keys(AGENTS)), slugOf);
  const { "content-length": _length, "transfer-encoding": _coding, ...headers } = request.headers;
  const upstream = httpRequest(
    {
      host: to.hostname,
      port: to.port,
      path: request.url,
      method: request.method,
      headers: {
        ...headers,
        authorization: `Bearer ${key}`,
        ...(body && { "content-length": Buffer.byteLength(body) }),
      },
    },
    (upstreamResponse) => {
      const { "content-length": _old, ...rest } = upstreamResponse.headers;
      response.writeHead(upstreamResponse.statusCode!, rest);
      const slugs = namesIn(Object.keys(AGENTS).map(slugOf));
      upstreamResponse.setEncoding("utf8");
      upstreamResponse.on("data", (text: string) => {
        response.write(text.replaceAll(slugs, (name) => name.replaceAll("-", "_")));
      });
      upstreamResponse.on("end", () => response.end());
    },
  );
  upstream.on("error", (error) => response.destroy(error));
  response.on("close", () => upstream.destroy());
  upstream.end(body);
}

function slugOf(name: string): string {
  return name.replaceAll("_", "-");
}

function namesIn(names: string[]): RegExp {
  return new RegExp(names.map((name) => `(?<=")${name}(?=")`).join("|"), "g");
}
