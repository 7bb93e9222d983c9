/**
 * The only writer of runs.db, in its own thread. All batches that arrive while a transaction is synced go into the next
 * one, so all runs share the cost of a sync.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type Database from "better-sqlite3";
import { CHANGING_COLUMNS, ROW_COLUMNS } from "../run-cells.ts";
import { connectSqlite } from "./database.ts";
import { type Failure, type FromWorker, failureOf, type Item, type ToWorker } from "./event-log-schema.ts";

/** Free pages that are released at once. */
const SHRINK_PAGES = 500;

const port = parentPort as MessagePort;
const send = (message: FromWorker) => port.postMessage(message);

let db: Database.Database;
try {
  const { file, busyMs, maxPages } = workerData as { file: string; busyMs?: number; maxPages?: number };
  db = connectSqlite(file);
  if (busyMs !== undefined) db.pragma(`busy_timeout = ${busyMs}`);
  if (maxPages !== undefined) db.pragma(`max_page_count = ${maxPages}`);
  // A busy log fills the default of 1,000 pages quickly; checkpoint less often.
  db.pragma("wal_autocheckpoint = 4000");
  send({ ready: true });
  serve();
} catch (error) {
  send({ broken: failureOf(error) });
}

function serve(): void {
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");
  const rollback = db.prepare("ROLLBACK");
  const insertChunk = db.prepare("INSERT INTO chunks (run, first, last, body) VALUES (?, ?, ?, ?)");
  const insertRow = db.prepare(
    `INSERT INTO runs (${ROW_COLUMNS.join(", ")}, idempotency_id, body_hash) VALUES (${"?, ".repeat(ROW_COLUMNS.length)}?, ?)`,
  );
  const updateRow = db.prepare(
    `UPDATE runs SET ${CHANGING_COLUMNS.map((name) => `${name} = ?`).join(", ")} WHERE id = ?`,
  );
  const insertGraph = db.prepare("INSERT INTO graphs (hash, body) VALUES (?, ?) ON CONFLICT DO NOTHING");
  const rate = db.prepare("UPDATE runs SET rating = ? WHERE id = ?");
  const park = db.prepare("UPDATE runs SET parked = 1, wakes_at = ? WHERE id = ? AND ended_at IS NULL");
  const unpark = db.prepare("UPDATE runs SET parked = 0, wakes_at = NULL WHERE id = ?");
  const deleteChunks = db.prepare("DELETE FROM chunks WHERE run = ?");
  const deleteRow = db.prepare("DELETE FROM runs WHERE id = ? AND ended_at IS NOT NULL");

  const store = (item: Item) => {
    insertChunk.run(item.run, item.first, item.last, item.body);
    if (item.insert) insertRow.run(item.insert);
    if (item.update) updateRow.run(item.update);
    if (item.unpark) unpark.run(item.run);
  };
  const inTransaction = (work: () => void) => {
    begin.run();
    try {
      work();
      commit.run();
    } catch (error) {
      if (db.inTransaction) rollback.run();
      throw error;
    }
  };

  type Batch = Extract<ToWorker, { batch: number }>;
  const write = (batches: Batch[]) => {
    try {
      inTransaction(() => {
        for (const { items, graphs } of batches) {
          if (graphs) for (const graph of graphs) insertGraph.run(graph);
          for (const item of items) store(item);
        }
      });
      for (const { batch } of batches) send({ batch });
    } catch (error) {
      // One item that violates a constraint must not fail the others.
      if (isConstraint(error)) for (const batch of batches) writeSingly(batch);
      else for (const { batch } of batches) send({ batch, error: failureOf(error) });
    }
  };
  const writeSingly = ({ batch, items, graphs }: Batch) => {
    const failed: { index: number; error: Failure }[] = [];
    items.forEach((item, index) => {
      try {
        inTransaction(() => {
          if (graphs) for (const graph of graphs) insertGraph.run(graph);
          store(item);
        });
      } catch (error) {
        failed.push({ index, error: failureOf(error) });
      }
    });
    send({ batch, failed });
  };

  const call = (message: Exclude<ToWorker, Batch>) => {
    try {
      let result = 0;
      if (message.op === "rate") result = rate.run(message.rating, message.run).changes;
      else if (message.op === "park") result = park.run(message.wakesAt, message.run).changes;
      else if (message.op === "delete")
        inTransaction(() => {
          for (const run of message.runs)
            if (deleteRow.run(run).changes > 0) {
              deleteChunks.run(run);
              result++;
            }
        });
      else if (message.op === "shrink") result = shrink();
      else db.close();
      send({ call: message.call, result });
      if (message.op === "close") port.close();
    } catch (error) {
      send({ call: message.call, error: failureOf(error) });
    }
  };

  /** The file gets smaller when the journal is copied into it. */
  const shrink = () => {
    db.pragma(`incremental_vacuum(${SHRINK_PAGES})`);
    const free = db.pragma("freelist_count", { simple: true }) as number;
    if (free === 0) db.pragma("wal_checkpoint(PASSIVE)");
    return free;
  };

  port.on("message", (first: ToWorker) => {
    let batches: Batch[] = [];
    for (let message: ToWorker | undefined = first; message; message = receiveMessageOnPort(port)?.message) {
      if ("batch" in message) batches.push(message);
      else {
        if (batches.length > 0) write(batches);
        batches = [];
        call(message);
        if (message.op === "close") return;
      }
    }
    if (batches.length > 0) write(batches);
  });
}

function isConstraint(error: unknown): boolean {
  return failureOf(error).code.startsWith("SQLITE_CONSTRAINT");
}
