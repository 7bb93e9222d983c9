import { afterAll, beforeAll, expect, test } from "vitest";
import { echo, type TestApp, testApp } from "../testing/test-app.ts";

let app: TestApp;
let agent: string;
let key: string;
beforeAll(async () => {
  app = await testApp();
  agent = (await app.publish(echo, "echo")).id;
  const made = await app.key();
  key = made.id;
  const body = { input: { message: "x" } };
  for (let i = 0; i < 2; i++) await app.json("POST", "/v1/agents/echo/runs", { token: made.key, body });
  await app.json("POST", `/api/agents/${agent}/runs`, { body });
});
afterAll(() => app.close());

const usage = async (query: string) =>
  (await app.json<{ usage: Record<string, unknown>[] }>("GET", `/api/usage${query}`)).usage;
const day = new Date().toISOString().slice(0, 10);

test("has a row per day and agent by default", async () => {
  expect(await usage("")).toMatchObject([{ day, agent, name: "Echo", runs: 3, failed: 0 }]);
  expect(await usage(`?by=day,key&agent=${agent}&from=${day}`)).toMatchObject([
    { day, runs: 1 },
    { day, key, runs: 2 },
  ]);
  expect(await usage("?by=version")).toMatchObject([
    { agent, runs: 1 },
    { agent, version: 1, runs: 2 },
  ]);
  const [all, ...more] = await usage("?by=&days=7");
  expect(more).toEqual([]);
  expect(all).toMatchObject({ runs: 3, p50Ms: expect.any(Number), p99Ms: expect.any(Number) });
  expect(await usage(`?by=&key=${key}&version=1`)).toMatchObject([{ runs: 2 }]);
  expect(await usage("?by=&key=")).toMatchObject([{ runs: 1 }]);
  expect(await usage(`?to=${day}T00:00:00Z`)).toEqual([]);
});

test.each(["by=moon", "agents=x", "days=0", "version=-1", "from=yesterday", "from=2026-02-02&to=2026-02-01"])(
  "refuses %s with a clear error",
  async (query) => {
    const { error } = await app.json<{ error: { code: string } }>("GET", `/api/usage?${query}`, { status: 400 });
    expect(error.code).toBe("bad_request");
  },
);
