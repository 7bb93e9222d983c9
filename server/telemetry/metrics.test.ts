import { afterAll, beforeAll, expect, test } from "vitest";
import { approval, chat, type TestApp, testApp } from "../testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

test("metrics of runs and their usage are for the admin only", async () => {
  await app.json("POST", "/api/runs", { body: { graph: chat(), input: { message: "x" }, user: "a-user-of-theirs" } });
  const answer = await app.request("GET", "/metrics");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
  const text = await answer.text();
  expect(text).toContain('patchbay_runs_total{status="done",error=""} 1');
  expect(text).toContain("patchbay_runs_live 0");
  expect(text).toMatch(/patchbay_tokens_total\{kind="input"\} [1-9]/);
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
