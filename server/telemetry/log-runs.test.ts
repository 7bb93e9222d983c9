/** What the log says of runs and triggers, by a whole server. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { approval, chat, type TestApp, testApp } from "../testing/test-app.ts";
import { createLogger } from "./logger.ts";

let text = "";
let app: TestApp;
beforeAll(async () => {
  app = await testApp({
    // A key of a local model: too short to be removed from the log.
    env: { OPENAI_API_KEY: "x" },
    logger: createLogger({ out: { write: (more) => (text += more) } }),
    mock: {
      delayMs: 200,
      reply: ({ messages }) =>
        JSON.stringify(messages).includes("fail") ? { status: 401, text: "no" } : { text: "private reply" },
    },
  });
});
afterAll(() => app.close());

const lines = (msg: string) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.msg === msg);
const call = async (key: string, message: string) =>
  app.json<{ id: string }>("POST", "/v1/agents/helper/runs", { body: { input: { message } }, token: key });

test("each run is one line when it ends, with its error code, agent and key, and no content", async () => {
  await app.publish(chat(), "helper");
  const { id: key, key: token } = await app.key();
  const done = await call(token, "my private words");
  const failed = await call(token, "fail, my private words");
  expect(lines("run")).toMatchObject([
    { level: "info", run: done.id, status: "done", agent: "helper", version: 1, key, inputTokens: expect.any(Number) },
    { level: "warn", run: failed.id, status: "failed", error: "auth_failed", agent: "helper", version: 1, key },
  ]);
  expect(text).not.toContain("private");
  expect(text).not.toContain("[secret]");
});

test("a run that waits and one that is continued after a crash have their lines", async () => {
  const waits = await app.json<{ id: string }>("POST", "/api/runs", {
    body: { graph: approval(), input: { message: "send" } },
  });
  expect(lines("run").at(-1)).toMatchObject({ level: "info", run: waits.id, status: "waiting" });
  expect(lines("run").at(-1)).not.toHaveProperty("agent");
  const { id } = await app.json<{ id: string }>("POST", "/api/runs", {
    body: { graph: chat(), input: { message: "slow" } },
    headers: { prefer: "respond-async" },
    status: 202,
  });
  await app.restart({ crash: true });
  expect(lines("run resumed")).toMatchObject([{ level: "info", run: id }]);
  await expect.poll(() => lines("run").filter((line) => line.run === id && line.status === "done")).toHaveLength(1);
});

test("a schedule that cannot start a run is a warning and is counted", async () => {
  const { id } = await app.publish(chat(), "scheduled");
  const { trigger } = await app.json<{ trigger: { id: string } }>("POST", `/api/agents/${id}/triggers`, {
    body: { kind: "schedule", name: "Yearly", cron: "0 0 1 1 *", timeZone: "UTC", input: { message: "now" } },
    status: 201,
  });
  const { records } = app.services;
  // The time of a schedule identifies its run.
  const due = async (nextAt: number, change: object) => {
    const stored = (await records.get<object>("trigger", trigger.id))!;
    await records.put("trigger", trigger.id, { ...stored.body, ...change, nextAt }, { parent: id });
    await (app.services.triggers as unknown as { tick(): Promise<number> }).tick();
  };
  await due(1, {});
  await expect.poll(() => lines("run").filter((line) => line.key === `trigger-${trigger.id}`)).toHaveLength(1);
  await due(2, { input: { message: "now", unknown: 1 } });
  expect(lines("schedule")).toMatchObject([{ level: "warn", trigger: trigger.id, agent: id, error: "bad_request" }]);
  const metrics = await (await app.request("GET", "/metrics")).text();
  expect(metrics).toContain('patchbay_triggers_total{kind="schedule",result="ok"}');
  expect(metrics).toContain('patchbay_triggers_total{kind="schedule",result="bad_request"}');
});
