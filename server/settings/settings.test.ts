import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../testing/test-app.ts";
import { createSettings } from "./settings.ts";

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
const noDefaults = { defaultModel: null, defaultEmbedder: null };

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const kept = async () => (await app.json<{ runs: { id: string }[] }>("GET", "/api/runs")).runs.length;
const run = () => app.json("POST", "/api/runs", { body: { graph, input: { message: "hi" } } });

describe("server settings", () => {
  test("keep runs for ever until they say otherwise, and outlive a restart", async () => {
    expect(await app.json("GET", "/api/settings")).toEqual({ keepRunsDays: null, ...noDefaults });
    expect(await app.json("PATCH", "/api/settings", { body: { keepRunsDays: 30 } })).toMatchObject({
      keepRunsDays: 30,
    });
    await app.restart();
    expect(await app.json("GET", "/api/settings")).toEqual({ keepRunsDays: 30, ...noDefaults });
  });

  test("refuse an invalid number of days, and unknown settings", async () => {
    for (const keepRunsDays of [0, -1, 1.5, "7", 1e9])
      expect((await app.request("PATCH", "/api/settings", { body: { keepRunsDays } })).status).toBe(400);
    expect((await app.request("PATCH", "/api/settings", { body: { keep: 1 } })).status).toBe(400);
    expect((await app.request("PATCH", "/api/settings", { body: { keepRunsDays: 3 }, token: null })).status).toBe(401);
    expect(await app.json("GET", "/api/settings")).toEqual({ keepRunsDays: 30, ...noDefaults });
  });

  test("delete runs that are too old, and no other", async () => {
    await run();
    const { records, log, models, runFiles: files } = app.services;
    const at = (now: number) =>
      createSettings({ records, log, files, models, now: () => now, report: (thrown) => expect.fail(String(thrown)) });
    await at(Date.now() + 29 * DAY).change({});
    expect(await kept()).toBe(1);
    await at(Date.now() + 31 * DAY).change({});
    expect(await kept()).toBe(0);
  });

  test("keep everything again when they are taken back", async () => {
    await run();
    const { records, log, models, runFiles: files } = app.services;
    await app.json("PATCH", "/api/settings", { body: { keepRunsDays: null } });
    await createSettings({
      records,
      log,
      files,
      models,
      now: () => Date.now() + 9_999 * DAY,
      report: () => undefined,
    }).change({});
    expect(await kept()).toBe(1);
  });
});

describe("the default model and the default embedder", () => {
  // What the environment of the test says.
  const unset = { isDefault: ["openai/mock"], defaultModel: "openai/mock" };
  const set = (body: object) => app.request("PATCH", "/api/settings", { body });
  const shown = async () => {
    const { models, defaultModel, embedder } = await app.json<{
      models: { name: string; isDefault?: boolean }[];
      defaultModel?: string;
      embedder?: string;
    }>("GET", "/api/models");
    return { isDefault: models.filter((card) => card.isDefault).map((card) => card.name), defaultModel, embedder };
  };

  test("are what the admin chose, at once and after a restart, until it is taken back", async () => {
    const provider = { kind: "openai-compatible", baseUrl: "http://127.0.0.1:9/v1" };
    for (const [id, models] of [
      ["first", ["chatty"]],
      ["second", ["wise", "text-embedding-3"]],
    ] as const)
      await app.json("POST", "/api/models", { body: { ...provider, id, models }, status: 201 });
    expect(await shown()).toEqual(unset);
    expect((await set({ defaultModel: "second/wise", defaultEmbedder: "second/text-embedding-3" })).status).toBe(200);
    const chosen = { isDefault: ["second/wise"], defaultModel: "second/wise", embedder: "second/text-embedding-3" };
    expect(await shown()).toEqual(chosen);
    expect((await app.services.models.resolve("default")).name).toBe("second/wise");
    await app.json("POST", "/api/knowledge", { body: { name: "new" }, status: 201 });
    expect(await app.json("GET", "/api/knowledge/new")).toMatchObject({ embedder: "second/text-embedding-3" });
    await app.restart();
    expect(await shown()).toEqual(chosen);
    await set({ defaultModel: null, defaultEmbedder: null });
    expect(await shown()).toEqual(unset);
  });

  test("are refused where there is none of that name, and said to be missing when their provider goes", async () => {
    for (const name of ["nobody/x", "second/other"]) expect((await set({ defaultModel: name })).status).toBe(422);
    for (const name of ["wise", "", 7]) expect((await set({ defaultEmbedder: name })).status).toBe(400);
    await set({ defaultModel: "second/wise" });
    await app.json("DELETE", "/api/models/second", { status: 204 });
    expect(await shown()).toEqual({ isDefault: [], defaultModel: "second/wise" });
    await expect(app.services.models.resolve("default")).rejects.toMatchObject({ code: "model_missing" });
    await set({ defaultModel: null });
    expect((await shown()).isDefault).toEqual(["openai/mock"]);
  });
});
