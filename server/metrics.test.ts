import { afterAll, beforeAll, expect, test } from "vitest";
import { chat, type TestApp, testApp } from "./testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

test("the admin's monitoring reads what runs did and used; nobody else does", async () => {
  await app.json("POST", "/api/runs", { body: { graph: chat(), input: { message: "x" }, user: "a-user-of-theirs" } });
  const answer = await app.request("GET", "/metrics");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
  const text = await answer.text();
  expect(text).toContain('patchbay_runs_total{status="done",error=""} 1');
  expect(text).toContain("patchbay_runs_live 0");
  expect(text).toMatch(/patchbay_tokens_total\{kind="input"\} [1-9]/);
  expect(text).toContain("patchbay_run_seconds_count 1");
  expect(text).not.toContain("a-user-of-theirs");
  expect((await app.request("GET", "/metrics", { token: null })).status).toBe(401);
  const { key } = await app.key();
  expect((await app.request("GET", "/metrics", { token: key })).status).toBe(401);
});
