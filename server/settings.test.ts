import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSettings } from "./settings.ts";
import { type TestApp, testApp } from "./testing/test-app.ts";

const graph = {
  format: "patchbay/1",
  name: "Echo",
  nodes: [
    { id: "ask", type: "input", version: 1, config: {} },
    { id: "reply", type: "output", version: 1, config: {} },
  ],
  edges: [{ from: "ask.message", to: "reply.reply" }],
};
const DAY = 86_400_000;

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const kept = async () => (await app.json<{ runs: { id: string }[] }>("GET", "/api/runs")).runs.length;
const run = () => app.json("POST", "/api/runs", { body: { graph, input: { message: "hi" } } });

describe("server settings", () => {
  test("keep runs for ever until they say otherwise, and outlive a restart", async () => {
    expect(await app.json("GET", "/api/settings")).toEqual({ keepRunsDays: null });
    expect(await app.json("PATCH", "/api/settings", { body: { keepRunsDays: 30 } })).toEqual({ keepRunsDays: 30 });
    await app.restart();
    expect(await app.json("GET", "/api/settings")).toEqual({ keepRunsDays: 30 });
  });

  test("refuse what is no number of days, and what they do not know", async () => {
    for (const keepRunsDays of [0, -1, 1.5, "7", 1e9])
      expect((await app.request("PATCH", "/api/settings", { body: { keepRunsDays } })).status).toBe(400);
    expect((await app.request("PATCH", "/api/settings", { body: { keep: 1 } })).status).toBe(400);
    expect((await app.request("PATCH", "/api/settings", { body: { keepRunsDays: 3 }, token: null })).status).toBe(401);
    expect(await app.json("GET", "/api/settings")).toEqual({ keepRunsDays: 30 });
  });

  test("delete runs that are too old, and no other", async () => {
    await run();
    const { records, log } = app.services;
    const at = (now: number) =>
      createSettings({ records, log, now: () => now, report: (thrown) => expect.fail(String(thrown)) });
    await at(Date.now() + 29 * DAY).change({});
    expect(await kept()).toBe(1);
    await at(Date.now() + 31 * DAY).change({});
    expect(await kept()).toBe(0);
  });

  test("keep everything again when they are taken back", async () => {
    await run();
    const { records, log } = app.services;
    await app.json("PATCH", "/api/settings", { body: { keepRunsDays: null } });
    await createSettings({ records, log, now: () => Date.now() + 9_999 * DAY, report: () => undefined }).change({});
    expect(await kept()).toBe(1);
  });
});
