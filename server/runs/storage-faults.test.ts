/** Runs whose log cannot be written for a while, and the most that may be under way: over a real log, without a model. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { nodes } from "../../nodes/index.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { RunResult } from "../contract/run.ts";
import type { EventLog } from "../stores/event-log.ts";
import { openEventLog } from "../stores/sqlite/event-log.ts";
import { approval, echo } from "../testing/test-app.ts";
import { createRuns, type RunsOptions } from "./runs.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-faults-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** These graphs ask for nothing but the log. */
function runsOver(log: EventLog, more: Partial<RunsOptions> = {}) {
  return createRuns({
    nodes,
    agents: {} as RunsOptions["agents"],
    checkContext: async () => ({}),
    deps: { log } as RunsOptions["deps"],
    recoverMs: 50,
    ...more,
  });
}
const graph = (value: unknown) => ({ graph: value as Graph });

test("a run that could not be stored fails with unavailable; when the log is free again its end is written", async () => {
  const file = join(folder, "busy.db");
  const log = await openEventLog({ file, busyMs: 30 });
  const runs = runsOver(log);
  const waiting = await (await runs.start(graph(approval()), { message: "x" })).done;
  expect(waiting.status).toBe("waiting");
  const other = new Database(file);
  other.exec("BEGIN IMMEDIATE");
  const answered = await runs
    .answer(waiting.id, [{ wait: waiting.waits![0]!.wait, choice: "approve" }])
    .catch((error) => error);
  expect(answered).toMatchObject({ code: "unavailable" });
  const fresh = await (await runs.start(graph(echo), { message: "x" })).done;
  expect(fresh).toMatchObject({ status: "failed", error: { code: "unavailable" } });
  // What was stored before stays readable.
  expect((await runs.get(waiting.id)).status).toBe("waiting");
  other.exec("COMMIT");
  other.close();
  await expect.poll(async () => (await runs.get(waiting.id)).status).toBe("failed");
  // A run of which nothing was stored was never accepted.
  await expect(runs.get(fresh.id)).rejects.toMatchObject({ code: "not_found" });
  expect(await (await runs.start(graph(echo), { message: "again" })).done).toMatchObject({ status: "done" });
  await runs.stop();
  await log.close();
});

test("a full disk fails the run with storage_full, and the next one works when there is room", async () => {
  const log = await openEventLog({ file: join(folder, "full.db"), maxPages: 60 });
  const runs = runsOver(log);
  const big = await (await runs.start(graph(echo), { message: "x".repeat(900_000) })).done;
  expect(big).toMatchObject({ status: "failed", error: { code: "storage_full" } });
  expect(await (await runs.start(graph(echo), { message: "small" })).done).toMatchObject({ status: "done" });
  await runs.stop();
  await log.close();
});

test("a run whose graph is lost can still be cancelled; taken up it ends and says why", async () => {
  const file = join(folder, "lost.db");
  const log = await openEventLog({ file });
  const reported: unknown[] = [];
  const runs = runsOver(log, { report: (thrown) => reported.push(thrown) });
  const [first, second] = await Promise.all(
    [0, 1].map(async () => (await runs.start(graph(approval()), { message: "x" })).done),
  );
  const db = new Database(file);
  db.exec("DELETE FROM graphs");
  db.close();
  await runs.stop();
  const again = runsOver(log, { report: (thrown) => reported.push(thrown) });
  const answer = [{ wait: first!.waits![0]!.wait, choice: "approve" as const }];
  await expect(again.answer(first!.id, answer)).rejects.toMatchObject({ code: "not_found" });
  expect(await again.cancel(first!.id)).toMatchObject({ status: "cancelled" });
  await again.resume(second!.id);
  expect(await again.get(second!.id)).toMatchObject({ status: "failed", error: { code: "not_found" } });
  expect(reported).toHaveLength(1);
  await again.stop();
  await log.close();
});

test("as many runs as may be are under way, and not one more", async () => {
  const log = await openEventLog({ file: join(folder, "queue.db") });
  const runs = runsOver(log, { maxLive: 3 });
  const started = await Promise.allSettled(Array.from({ length: 5 }, () => runs.start(graph(echo), { message: "x" })));
  expect(started.map((one) => one.status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "rejected"]);
  expect((started[3] as PromiseRejectedResult).reason).toMatchObject({ code: "queue_full", retryAfter: 5 });
  const results: RunResult[] = [];
  for (const one of started) if (one.status === "fulfilled") results.push(await one.value.done);
  expect(results.every((result) => result.status === "done")).toBe(true);
  expect(runs.live()).toBe(0);
  await runs.start(graph(echo), { message: "x" });
  await runs.stop();
  await expect(runs.start(graph(echo), { message: "x" })).rejects.toMatchObject({ code: "unavailable" });
  await log.close();
});
