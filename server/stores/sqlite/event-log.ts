/**
 * The event log on SQLite, in runs.db. One thread writes; queries that an index answers run in this thread, and lists
 * and sums in a third.
 */
import { BoundedMap } from "../../../runtime/bounded-map.ts";
import { PatchbayError } from "../../../runtime/error.ts";
import type { Graph } from "../../../runtime/graph.ts";
import { startWorker } from "../../lib/start-worker.ts";
import type { EventLog } from "../event-log.ts";
import { type DbSessionRow, runsQuery, sessionsQuery, toSessionRow } from "../list-queries.ts";
import { type DbRow, toRow } from "../run-cells.ts";
import { type DbUsageRow, toUsageRow, usageQuery } from "../usage-query.ts";
import { connectSqlite, openSqlite } from "./database.ts";
import { EventLogReader } from "./event-log-reader.ts";
import { type FromWorker, SQLITE_EVENT_LOG } from "./event-log-schema.ts";
import { EventLogWriter } from "./event-log-writer.ts";
import { openSideReader, type SideReader } from "./side-reader.ts";

/** Runs deleted in one transaction, so that writers wait only milliseconds. */
const DELETE_BATCH = 200;
const MAX_KNOWN_GRAPHS = 10_000;
const ENDED_BEFORE = "SELECT id FROM runs WHERE ended_at IS NOT NULL AND started_at < ? ORDER BY id LIMIT ?";

interface EventLogOptions {
  file: string;
  /** Removes known secrets from the text of every event. */
  redact?(text: string): string;
  /** How long a write waits for another process. Default: 5 s. */
  busyMs?: number;
  /** Maximum number of pages of the file. Default: no limit. */
  maxPages?: number;
}

/** Opens or creates the log. Rejects as `openSqlite` does. */
export async function openEventLog(options: EventLogOptions): Promise<EventLog> {
  (await openSqlite(options.file, SQLITE_EVENT_LOG, { shrinks: true })).close();
  const worker = startWorker(new URL("./event-log-worker.ts", import.meta.url), {
    workerData: { file: options.file, busyMs: options.busyMs, maxPages: options.maxPages },
  });
  const first = await new Promise<FromWorker>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  if ("broken" in first) {
    await worker.terminate();
    throw new PatchbayError("unavailable", first.broken.message);
  }
  const reader = new EventLogReader(connectSqlite(options.file, { readonly: true }));
  const writer = new EventLogWriter(worker, {
    redact: options.redact,
    load: (run) => ({ row: reader.row(run), events: reader.read(run, -1, Number.POSITIVE_INFINITY) }),
  });
  return sqliteLog(reader, writer, openSideReader(options.file));
}

function sqliteLog(reader: EventLogReader, writer: EventLogWriter, sideReader: SideReader): EventLog {
  const knownGraphs = new BoundedMap<string, true>(MAX_KNOWN_GRAPHS);
  /** Returns the space of deleted runs to the disk, in steps, so that writers wait only milliseconds. */
  const shrink = async () => {
    for (let before = Number.POSITIVE_INFINITY; ; ) {
      const free = await writer.call({ op: "shrink" });
      if (free === 0 || free >= before) return;
      before = free;
    }
  };
  return {
    append: (event, options = {}) => writer.append(event, options),
    watch: (run, listener) => writer.watch(run, listener),
    last: (run) => writer.stored(run) ?? reader.last(run),
    read: async (run, after, limit) => reader.read(run, after, limit),
    row: async (run) => reader.row(run),
    async rows(filter) {
      return (await sideReader.all<DbRow>(runsQuery("sqlite", filter))).map(toRow);
    },
    due: async (now, limit) => reader.due(now, limit, (run) => writer.has(run)),
    openRuns: async () => reader.openRuns(),
    async sessions(filter) {
      return (await sideReader.all<DbSessionRow>(sessionsQuery("sqlite", filter))).map(toSessionRow);
    },
    sessionRuns: async (session, options) => reader.sessionRuns(session, options),
    findIdempotent: async (key, id) => reader.findIdempotent(key, id),
    async usage(filter) {
      return (await sideReader.all<DbUsageRow>(usageQuery("sqlite", filter))).map(toUsageRow);
    },

    async rate(run, rating) {
      return (await writer.call({ op: "rate", run, rating: JSON.stringify(rating) })) > 0;
    },

    async delete(run) {
      const row = reader.row(run);
      if (!row) return false;
      if (row.endedAt === undefined)
        throw new PatchbayError("conflict", `Run ${run} has not ended; cancel it before you delete it.`);
      return (await writer.call({ op: "delete", runs: [run] })) > 0;
    },

    async deleteBefore(time) {
      for (let deleted = 0; ; ) {
        const old = await sideReader.all<{ id: string }>({ text: ENDED_BEFORE, values: [time, DELETE_BATCH] });
        const runs = old.map((row) => row.id);
        if (runs.length > 0) deleted += await writer.call({ op: "delete", runs });
        if (runs.length < DELETE_BATCH) {
          if (deleted > 0) await shrink();
          return deleted;
        }
      }
    },

    async recover(run) {
      const stored = reader.last(run);
      // Only a write shows whether writes work again: this one writes the same value.
      const row = reader.row(run);
      if (row) await writer.call({ op: "rate", run, rating: JSON.stringify(row.rating ?? null) });
      writer.forget(run, true);
      return stored;
    },

    /** The file has one process: all runs that have not ended belong to it. */
    async claim(run) {
      const row = reader.row(run);
      return row !== undefined && row.endedAt === undefined;
    },
    async release(run, options = {}) {
      if (options.parked) await writer.park(run);
      else writer.forget(run);
    },
    async owner() {
      return undefined;
    },

    saveGraph(hash, graph) {
      if (knownGraphs.has(hash)) return;
      knownGraphs.set(hash, true);
      writer.saveGraph(hash, JSON.stringify(graph));
    },
    async graph(hash) {
      const text = writer.newGraph(hash);
      return text === undefined ? reader.graph(hash) : (JSON.parse(text) as Graph);
    },

    async close() {
      if (!(await writer.drain())) return;
      await sideReader.close();
      // The last connection to close is the writer's: SQLite then moves the journal into the file.
      reader.close();
      await writer.close();
    },
  };
}
