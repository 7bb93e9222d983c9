/** Exports to a collector that speaks OTLP/HTTP on loopback. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { approval, chat, graphOf, testApp } from "../testing/test-app.ts";

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
  status: { code?: number };
}

interface Collector {
  url: string;
  spans: (Omit<OtlpSpan, "attributes"> & { attributes: Record<string, unknown> })[];
  metrics: Map<string, unknown[]>;
  headers: Record<string, unknown>[];
  resource: Record<string, unknown>;
  close(): void;
}

const plain = (attributes: OtlpSpan["attributes"]) =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.intValue ?? value.doubleValue ?? value.arrayValue,
    ]),
  );

async function collector(): Promise<Collector> {
  const found: Omit<Collector, "url" | "close"> = { spans: [], metrics: new Map(), headers: [], resource: {} };
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      found.headers.push(request.headers);
      const body = JSON.parse(text);
      for (const { resource, scopeSpans } of body.resourceSpans ?? []) {
        found.resource = plain(resource.attributes);
        for (const { spans } of scopeSpans)
          for (const span of spans as OtlpSpan[]) found.spans.push({ ...span, attributes: plain(span.attributes) });
      }
      for (const { scopeMetrics } of body.resourceMetrics ?? [])
        for (const { metrics } of scopeMetrics)
          for (const { name, histogram } of metrics)
            found.metrics.set(
              name,
              histogram.dataPoints.map((point: { attributes: OtlpSpan["attributes"]; count: string; sum: number }) => ({
                ...plain(point.attributes),
                count: Number(point.count),
                sum: point.sum,
              })),
            );
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(found, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
}

let to: Collector;
beforeAll(async () => {
  to = await collector();
});
afterAll(() => to.close());

const open = (env: Record<string, string> = {}) =>
  testApp({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: to.url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", ...env } });
const of = (name: string) => to.spans.filter((span) => span.name.startsWith(name));

test("a hosted run continues the trace of its caller: agent, nodes, model and tool, with their metrics", async () => {
  const app = await open();
  await app.publish(chat({ tools: ["builtin/calculator"], name: "Helper" }), "helper");
  const { key } = await app.key();
  const caller = { trace: "4bf92f3577b34da6a3ce929d0e0e4736", span: "00f067aa0ba902b7" };
  const run = await app.json<{ id: string }>("POST", "/v1/agents/helper/runs", {
    token: key,
    body: { input: { message: "private words" }, session: "s-1" },
    headers: { traceparent: `00-${caller.trace}-${caller.span}-01` },
  });
  await app.close();

  expect(new Set(to.spans.map((span) => span.traceId))).toEqual(new Set([caller.trace]));
  const [agent] = of("invoke_agent Helper");
  expect(agent).toMatchObject({
    parentSpanId: caller.span,
    attributes: {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": "Helper",
      "gen_ai.agent.version": "helper@1",
      "gen_ai.conversation.id": "s-1",
      "patchbay.run.id": run.id,
      "patchbay.run.status": "done",
    },
  });
  const [brain] = of("node brain");
  expect(brain!.parentSpanId).toBe(agent!.spanId);
  const chats = of("chat mock");
  expect(chats).toHaveLength(2);
  for (const span of chats)
    expect(span).toMatchObject({
      parentSpanId: brain!.spanId,
      kind: 3,
      attributes: {
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "mock",
        "gen_ai.usage.input_tokens": expect.anything(),
        "gen_ai.usage.output_tokens": expect.anything(),
      },
    });
  const [tool] = of("execute_tool builtin/calculator");
  expect(tool).toMatchObject({ parentSpanId: brain!.spanId, attributes: { "gen_ai.tool.name": "builtin/calculator" } });
  for (const span of to.spans)
    expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
  expect(new Set(to.spans.map((span) => span.spanId)).size).toBe(to.spans.length);
  expect(JSON.stringify(to.spans)).not.toContain("private words");
  expect(to.resource).toMatchObject({ "service.name": "patchbay", "service.version": expect.any(String) });

  expect(to.metrics.get("gen_ai.client.token.usage")).toEqual(
    expect.arrayContaining(
      ["input", "output"].map((type) =>
        expect.objectContaining({
          "gen_ai.token.type": type,
          "gen_ai.request.model": "mock",
          count: 2,
          sum: expect.any(Number),
        }),
      ),
    ),
  );
  expect(to.metrics.get("gen_ai.client.operation.duration")).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ "gen_ai.operation.name": "chat", count: 2 }),
      expect.objectContaining({ "gen_ai.operation.name": "execute_tool", count: 1 }),
    ]),
  );
  expect(to.metrics.get("patchbay.run.duration")).toEqual([
    expect.objectContaining({ "patchbay.run.status": "done", count: 1 }),
  ]);
});

test("a waiting run that the next process continues is one trace, with a span for each part", async () => {
  to.spans.length = 0;
  const app = await open();
  const run = await app.json<{ id: string; waits: { wait: string }[] }>("POST", "/api/runs", {
    body: { graph: approval(), input: { message: "send" } },
  });
  await app.restart();
  await app.json("POST", `/api/runs/${run.id}/answer`, { body: { wait: run.waits[0]!.wait, choice: "approve" } });
  await app.close();
  const parts = of("invoke_agent");
  expect(parts.map((span) => span.attributes["patchbay.run.status"])).toEqual(["waiting", "done"]);
  expect(new Set(to.spans.map((span) => span.traceId)).size).toBe(1);
  expect(parts[0]!.spanId).not.toBe(parts[1]!.spanId);
  expect(of("node gate")).toHaveLength(1);
});

test("messages are exported only when configured, without secrets; an unsampled trace is not exported", async () => {
  to.spans.length = 0;
  const app = await open({ OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "true" });
  await app.json("PUT", "/api/secrets/PIN", { body: { value: "secret-value-9" } });
  const body = { graph: chat({ tools: ["builtin/calculator"] }), input: { message: "what is secret-value-9?" } };
  await app.json("POST", "/api/runs", { body });
  await app.json("POST", "/api/runs", {
    body,
    headers: { traceparent: "00-11111111111111111111111111111111-2222222222222222-00" },
  });
  await app.json("POST", "/api/runs", { body, headers: { traceparent: "nonsense" } });
  await app.close();
  expect(of("invoke_agent")).toHaveLength(2);
  expect(of("chat")[0]!.attributes["gen_ai.input.messages"]).toContain("what is [secret PIN]?");
  expect(of("chat")[0]!.attributes["gen_ai.output.messages"]).toContain("tool_call");
  expect(JSON.stringify(to.spans)).not.toContain("secret-value-9");
});

test("failures have their error code, and spans in a container have it as their parent", async () => {
  to.spans.length = 0;
  to.metrics.clear();
  const app = await testApp({
    env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${to.url}/v1/traces`, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" },
    mock: { reply: () => ({ status: 401, message: "no" }) },
  });
  await app.json("POST", "/api/runs", { body: { graph: chat({ name: "Broken" }), input: { message: "x" } } });
  const inner = graphOf({ ask: ["input"], reply: ["output"] }, ["ask.message reply.reply"]);
  const outer = graphOf({ ask: ["input"], each: ["map", { body: inner }], reply: ["output"] }, [
    "ask.message each.items",
    "each.results reply.reply",
  ]);
  await app.json("POST", "/api/runs", { body: { graph: { ...outer, name: "Outer" }, input: { message: "a\nb" } } });
  await app.close();
  expect(of("invoke_agent Broken")[0]).toMatchObject({
    status: { code: 2 },
    attributes: { "error.type": "auth_failed" },
  });
  expect(of("chat mock")[0]).toMatchObject({ status: { code: 2 }, attributes: { "error.type": "auth_failed" } });
  const [outerRun] = of("invoke_agent Outer");
  const [each] = of("node each");
  expect(each!.parentSpanId).toBe(outerRun!.spanId);
  const within = to.spans.filter((span) => span.attributes["patchbay.node.scope"] !== undefined);
  expect(within.length).toBeGreaterThan(0);
  for (const span of within) expect(span.parentSpanId).toBe(each!.spanId);
  // Only traces are configured.
  expect(to.metrics.size).toBe(0);
});
