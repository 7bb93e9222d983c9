/**
 * Lists and sums over a hundred thousand runs: their time compared with the newest fifty, and how long they block the
 * main thread. On SQLite, and on PostgreSQL if it is installed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import Database from "better-sqlite3";
import type { RunRow } from "../server/contract/run.ts";
import type { EventLog } from "../server/stores/event-log.ts";
import { openPostgres } from "../server/stores/postgres/connect.ts";
import { openPostgresLog } from "../server/stores/postgres/event-log.ts";
import { ROW_COLUMNS, toCells } from "../server/stores/run-cells.ts";
import { openEventLog } from "../server/stores/sqlite/event-log.ts";
import { postgresBin, startPostgres } from "../server/testing/postgres.ts";
import { percentile, round } from "./numbers.ts";

export const quick = false;

const TRIES = 7;
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

export async function run({ full = false }: { full?: boolean } = {}) {
  const count = full ? 1_000_000 : 100_000;
  const folder = mkdtempSync(join(tmpdir(), "patchbay-bench-"));
  const now = Date.now();
  const tables: Record<string, unknown> = {};
  // The threads of the log do not keep the process alive.
  const alive = setInterval(() => {}, 1_000);
  try {
    const file = join(folder, "runs.db");
    await (await openEventLog({ file })).close();
    fillSqlite(file, rows(count, now));
    const sqlite = await openEventLog({ file });
    tables.SQLite = await measure("SQLite", sqlite, count, now);
    await sqlite.close();
    if (postgresBin()) {
      const server = await startPostgres();
      try {
        const postgres = await openPostgres(await server.database());
        for (const batch of batches(rows(count, now), 5_000))
          await postgres.pool.query(
            `INSERT INTO patchbay.runs (${quoted}, owner, fence, turn)
             SELECT ${quoted}, NULL, 1, false FROM json_populate_recordset(NULL::patchbay.runs, $1)`,
            [JSON.stringify(batch.map(toCells))],
          );
        await postgres.pool.query("ANALYZE patchbay.runs");
        const log = await openPostgresLog({ ...postgres, member: "bench" });
        tables.PostgreSQL = await measure("PostgreSQL", log, count, now);
        await log.close();
        await postgres.close();
      } finally {
        await server.close();
      }
    }
    return tables;
  } finally {
    clearInterval(alive);
    rmSync(folder, { recursive: true, force: true });
  }
}

const quoted = ROW_COLUMNS.map((column) => `"${column}"`).join(", ");

/** One run per minute; a few of them wait, a third has no conversation. */
function* rows(count: number, now: number): Generator<RunRow> {
  for (let i = 0; i < count; i++) {
    const startedAt = now - (count - i) * MINUTE;
    const status = i % 20_000 === 7 ? "waiting" : i % 50 === 0 ? "failed" : "done";
    yield {
      id: `run_${String(i).padStart(9, "0")}`,
      status,
      agent: `agent-${i % 7}`,
      slug: `agent-${i % 7}`,
      version: 1,
      name: "Helper",
      graph: "hash",
      ...(i % 3 && { session: `session-${i >> 3}` }),
      user: `user-${i % 1000}`,
      ...(i % 2 && { key: `key-${i % 10}` }),
      message: `What does note ${i} say about needles, and where are they to be found?`,
      usage: { inputTokens: 900, outputTokens: 120, costUsd: 0.001, steps: 2, toolCalls: 1 },
      startedAt,
      ...(status !== "waiting" && { endedAt: startedAt + 1_500 }),
    };
  }
}

function fillSqlite(file: string, all: Iterable<RunRow>): void {
  const db = new Database(file);
  const insert = db.prepare(`INSERT INTO runs (${quoted}) VALUES (${ROW_COLUMNS.map(() => "?").join(", ")})`);
  db.transaction(() => {
    for (const row of all) {
      const cells = toCells(row);
      insert.run(ROW_COLUMNS.map((column) => cells[column]));
    }
  })();
  db.close();
}

function* batches<T>(all: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const one of all) {
    batch.push(one);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function measure(store: string, log: EventLog, count: number, now: number) {
  const questions: Record<string, () => Promise<unknown>> = {
    "newest 50": () => log.rows({}),
    "newest 50 of an agent": () => log.rows({ agent: "agent-3" }),
    "waiting runs": () => log.rows({ status: "waiting" }),
    "runs of a user": () => log.rows({ user: "user-77" }),
    "text without matches": () => log.rows({ text: "haystack" }),
    "runs of an old day": () => log.rows({ from: now - 60 * DAY, to: now - 59 * DAY }),
    conversations: () => log.sessions({}),
    "conversations of a key": () => log.sessions({ key: "key-3" }),
    "one conversation": () => log.sessionRuns("session-100", { key: "key-1" }),
    "sums of 30 days": () => log.usage({ from: now - 30 * DAY, to: now }),
    "counts of open runs": () => log.openRuns(),
  };
  const table: Record<string, { ms: number; "relative to the newest": number; "longest block, ms": number }> = {};
  let newest = 0;
  for (const [question, ask] of Object.entries(questions)) {
    await ask();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const times: number[] = [];
    for (let i = 0; i < TRIES; i++) {
      const began = performance.now();
      await ask();
      times.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    delay.disable();
    const ms = percentile(times, 0.5);
    newest ||= ms;
    table[question] = {
      ms: round(ms, 1),
      "relative to the newest": round(ms / newest, 1),
      "longest block, ms": round(delay.max / 1e6, 1),
    };
  }
  console.log(`${store}, ${count} runs`);
  console.table(table);
  return table;
}
