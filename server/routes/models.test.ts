import { Hono } from "hono";
import { afterEach, expect, test } from "vitest";
import { errorResponse } from "../http/errors.ts";
import { createModels } from "../models/models.ts";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { startMockModel } from "../testing/mock-model.ts";
import { modelRoutes } from "./models.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function rig() {
  const mock = await startMockModel();
  const models = createModels({
    records: await sqliteRecords(":memory:"),
    secrets: { get: async () => "sk-12345678", redact: (text) => text },
    env: {},
  });
  closers.push(
    () => models.close(),
    () => mock.close(),
  );
  const app = new Hono();
  app.onError((error) => errorResponse(error, () => {}));
  app.route("/api/models", modelRoutes({ models }));
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await app.request(`/api/models${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : undefined };
  };
  return { mock, call };
}

test("a provider is added, listed with its models, changed, tested and deleted", async () => {
  const { mock, call } = await rig();
  const provider = { id: "mine", kind: "openai-compatible", baseUrl: mock.url, apiKey: { secret: "KEY" } };
  expect(await call("POST", "", provider)).toEqual({ status: 201, body: provider });
  expect(await call("POST", "", provider)).toMatchObject({ status: 409, body: { error: { code: "conflict" } } });
  expect((await call("GET", "")).body).toMatchObject({
    providers: [{ id: "mine" }, { id: "demo" }],
    models: [
      { name: "mine/mock", isDefault: true },
      { name: "mine/mock-embed", embeds: true },
      { name: "demo/offline", demo: true },
    ],
  });
  expect(await call("POST", "/mine/test", {})).toMatchObject({
    status: 200,
    body: { ok: true, found: { chat: true, tools: true } },
  });
  expect((await call("PATCH", "/mine", { profile: { contextTokens: 4096 }, apiKey: null })).body).toEqual({
    id: "mine",
    kind: "openai-compatible",
    baseUrl: mock.url,
    profile: { contextTokens: 4096 },
  });
  expect((await call("GET", "/mine")).body.profile).toEqual({ contextTokens: 4096 });
  expect((await call("DELETE", "/mine")).status).toBe(204);
  for (const [method, path] of [
    ["GET", "/mine"],
    ["DELETE", "/mine"],
    ["PATCH", "/mine"],
    ["POST", "/mine/test"],
  ] as const) {
    expect(await call(method, path, method === "GET" || method === "DELETE" ? undefined : {})).toMatchObject({
      status: 404,
    });
  }
});

test("invalid input is refused with its path; a plain-text key is refused", async () => {
  const { call } = await rig();
  expect(
    await call("POST", "", { id: "x", kind: "openai-compatible", baseUrl: "http://x", apiKey: "sk-plain" }),
  ).toMatchObject({
    status: 400,
    body: { error: { code: "bad_request", path: "/apiKey" } },
  });
  expect(await call("POST", "", { id: "x", kind: "openai-compatible", baseUrl: "localhost:1" })).toMatchObject({
    status: 400,
    body: { error: { path: "/baseUrl" } },
  });
  expect(await call("PATCH", "/demo", { models: ["x"] })).toMatchObject({ status: 400 });
  expect(await call("DELETE", "/demo")).toMatchObject({ status: 409 });
});

test("a provider is renamed by another id, and its earlier names stay", async () => {
  const { mock, call } = await rig();
  const provider = { kind: "openai-compatible", baseUrl: mock.url, models: ["m"] };
  await call("POST", "", { id: "first", ...provider });
  await call("POST", "", { id: "second", ...provider });
  expect(await call("PATCH", "/first", { id: "third" })).toMatchObject({
    status: 200,
    body: { id: "third", aliases: ["first"], models: ["m"] },
  });
  expect((await call("GET", "/first")).status).toBe(404);
  expect(await call("PATCH", "/third", { id: "second" })).toMatchObject({
    status: 409,
    body: { error: { path: "/id" } },
  });
  expect(await call("POST", "", { id: "first", ...provider })).toMatchObject({ status: 409 });
  for (const body of [{ id: null }, { id: "Not An Id" }, { aliases: [] }])
    expect((await call("PATCH", "/third", body)).status).toBe(400);
  expect((await call("PATCH", "/demo", { id: "other" })).status).toBeGreaterThanOrEqual(400);
});
