import { afterAll, beforeAll, expect, test } from "vitest";
import { approval, chat, type TestApp, testApp } from "../testing/test-app.ts";
import { openMetrics } from "./metrics.ts";

let app: TestApp;
const METRICS_TOKEN = "a-token-for-metrics-only";
beforeAll(async () => {
  app = await testApp({ env: { PATCHBAY_METRICS_TOKEN: METRICS_TOKEN } });
});
afterAll(() => app.close());

test("metrics of runs and their usage are for the admin only", async () => {
  await app.json("POST", "/api/runs", { body: { graph: chat(), input: { message: "x" }, user: "a-user-of-theirs" } });
  const answer = await app.request("GET", "/metrics");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
  const text = await answer.text();
  expect(text).toContain('patchbay_runs_total{status="done",error="",agent=""} 1');
  expect(text).toContain("patchbay_runs_live 0");
  expect(text).toMatch(/patchbay_tokens_total\{kind="input",agent=""\} [1-9]/);
  expect(text).toContain("patchbay_run_seconds_count 1");
  expect(text).toContain('patchbay_model_call_seconds_count{provider="openai"} 1');
  expect(text).toMatch(/patchbay_event_append_seconds_count [1-9]/);
  expect(text).toContain('patchbay_request_seconds_count{surface="api",status="2xx"} 1');
  expect(text).not.toContain("a-user-of-theirs");
  expect((await app.request("GET", "/metrics", { token: null })).status).toBe(401);
  const { key } = await app.key();
  expect((await app.request("GET", "/metrics", { token: key })).status).toBe(401);
});

test("waiting runs, tool calls and failed requests have their own series", async () => {
  const graph = chat({ tools: ["builtin/calculator"] });
  await app.json("POST", "/api/runs", { body: { graph, input: { message: "count" } } });
  const { id } = await app.json<{ id: string }>("POST", "/api/runs", {
    body: { graph: approval(), input: { message: "send" } },
  });
  await app.request("GET", "/v1/models", { token: "pb_wrong" });
  const text = await (await app.request("GET", "/metrics")).text();
  expect(text).toMatch(/patchbay_tool_calls_total\{binding="builtin",result="\w+"\} 1/);
  expect(text).toContain('patchbay_tool_call_seconds_count{binding="builtin"} 1');
  expect(text).toContain('patchbay_runs_open{status="waiting"} 1');
  expect(text).toContain('patchbay_request_seconds_count{surface="v1",status="4xx"} 1');
  await app.json("POST", `/api/runs/${id}/cancel`, { body: {} });
  expect(await (await app.request("GET", "/metrics")).text()).toContain('patchbay_runs_open{status="waiting"} 0');
});

test("runs are counted by agent; the server, its databases and its disk have series", async () => {
  await app.publish(chat(), "helper");
  const { key } = await app.key();
  await app.json("POST", "/v1/agents/helper/runs", { body: { input: { message: "x" } }, token: key });
  const text = await (await app.request("GET", "/metrics")).text();
  expect(text).toContain('patchbay_runs_total{status="done",error="",agent="helper"} 1');
  expect(text).toMatch(/patchbay_tokens_total\{kind="output",agent="helper"\} [1-9]/);
  expect(text).toMatch(/patchbay_info\{version="\d+\.\d+\.\d+"\} 1/);
  expect(text).toContain('patchbay_processes{role="all"} 1');
  expect(text).toContain('patchbay_processes{role="worker"} 0');
  expect(text).toMatch(/patchbay_database_bytes\{database="runs\.db"\} [1-9]/);
  expect(text).toMatch(/patchbay_disk_free_bytes [1-9]/);
});

test("further agents than the limit are counted together", () => {
  const metrics = openMetrics({
    live: () => 0,
    open: async () => ({}),
    readers: () => 0,
    processes: () => ({}),
    databaseBytes: async () => ({}),
    dataDir: ".",
    version: "1",
  });
  const usage = { inputTokens: 0, outputTokens: 0, steps: 0, toolCalls: 0 };
  for (let i = 0; i < 1000; i++) metrics.runSettled({ status: "done", usage }, 1, `agent-${i}`);
  return metrics.read().then(({ text }) => {
    expect(text).toContain('patchbay_runs_total{status="done",error="",agent="agent-0"} 1');
    expect(text).toContain('patchbay_runs_total{status="done",error="",agent="other"} 800');
    expect(text).not.toContain("agent-999");
  });
});

test("the token for metrics reads the metrics and nothing else", async () => {
  expect((await app.request("GET", "/metrics", { token: METRICS_TOKEN })).status).toBe(200);
  for (const path of ["/api/agents", "/api/settings", "/api/backup", "/v1/models", "/"])
    expect((await app.request("GET", path, { token: METRICS_TOKEN })).status, path).toBe(path === "/" ? 200 : 401);
  expect(await (await app.request("GET", "/", { token: METRICS_TOKEN })).text()).not.toContain("the editor");
});
