/** A run with a million events: a page takes the same time at any position. On SQLite, and on PostgreSQL if it is installed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunEvent } from "../runtime/event.ts";
import type { EventLog } from "../server/stores/event-log.ts";
import { openPostgres } from "../server/stores/postgres/connect.ts";
import { openPostgresLog } from "../server/stores/postgres/event-log.ts";
import { openEventLog } from "../server/stores/sqlite/event-log.ts";
import { postgresBin, startPostgres } from "../server/testing/postgres.ts";
import { percentile, round } from "./numbers.ts";

export const quick = false;

const PAGE = 200;
const TRIES = 200;

export async function run({ full = false }: { full?: boolean } = {}) {
  const events = full ? 1_000_000 : 100_000;
  const folder = mkdtempSync(join(tmpdir(), "patchbay-bench-"));
  const rows: Record<string, string | number>[] = [];
  // The thread of the log does not keep the process alive.
  const alive = setInterval(() => {}, 1_000);
  try {
    const sqlite = await openEventLog({ file: join(folder, "runs.db") });
    rows.push(await measure("SQLite", sqlite, events));
    await sqlite.close();
    if (postgresBin()) {
      const server = await startPostgres();
      const postgres = await openPostgres(await server.database());
      const log = await openPostgresLog({ ...postgres, member: "bench" });
      rows.push(await measure("PostgreSQL", log, events));
      await log.close();
      await postgres.close();
      await server.close();
    }
    console.table(rows);
    return rows;
  } finally {
    clearInterval(alive);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(store: string, log: EventLog, events: number) {
  const began = performance.now();
  let last: Promise<void> = log.append({
    run: "long",
    seq: 0,
    at: 0,
    type: "run-start",
    agent: { name: "Long", graph: "g" },
    input: { message: "x" },
  });
  for (let seq = 1; seq < events; seq++) {
    last = log.append({
      run: "long",
      seq,
      at: seq,
      type: "node-start",
      node: "each",
      scope: [{ node: "m", item: seq }],
    } as RunEvent);
    // Like a run: several events, then one that must be stored at once.
    if (seq % 50 === 0)
      await log.append({ run: "long", seq: ++seq, at: seq, type: "node-skip", node: "n" } as RunEvent, {
        urgent: true,
      });
  }
  await last;
  const writtenMs = performance.now() - began;
  const page = async (after: number) => {
    const times: number[] = [];
    for (let i = 0; i < TRIES; i++) {
      const at = performance.now();
      const events = await log.read("long", after, PAGE);
      if (events[0]?.seq !== after + 1) throw new Error(`The page after ${after} begins with ${events[0]?.seq}.`);
      times.push(performance.now() - at);
    }
    return round(percentile(times, 0.5), 2);
  };
  return {
    store,
    events,
    "events/s written": Math.round((events / writtenMs) * 1000),
    "first page ms": await page(-1),
    "middle page ms": await page(Math.floor(events / 2)),
    "last page ms": await page(events - PAGE - 1),
  };
}
