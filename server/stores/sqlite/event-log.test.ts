import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test } from "vitest";
import { end, eventLogContract, start, writer } from "../contracts/event-log.contract.ts";
import { openSqlite } from "./database.ts";
import { openEventLog } from "./event-log.ts";
import { SQLITE_EVENT_LOG } from "./event-log-schema.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

eventLogContract("SQLite", async () => {
  const file = join(folder, "contract.db");
  let log = await openEventLog({ file });
  return {
    log,
    async reopen() {
      await log.close();
      log = await openEventLog({ file });
      return log;
    },
    done: () => log.close(),
  };
});

describe("SQLite", () => {
  test("removes secrets from stored events", async () => {
    const log = await openEventLog({
      file: join(folder, "redact.db"),
      redact: (text) => text.replaceAll("hunter2", "[secret P]"),
    });
    await writer(log, "r")(start({ input: { message: "my password is hunter2" } }));
    expect((await log.read("r", -1))[0]).toMatchObject({ input: { message: "my password is [secret P]" } });
    await log.close();
  });

  test("while another process locks the database a run fails with unavailable, and continues afterwards", async () => {
    const file = join(folder, "busy.db");
    const log = await openEventLog({ file, busyMs: 50 });
    const write = writer(log, "busy");
    await write(start(), { urgent: true });
    const other = new Database(file);
    other.exec("BEGIN IMMEDIATE");
    await expect(write({ type: "node-start", node: "a" }, { urgent: true })).rejects.toMatchObject({
      code: "unavailable",
    });
    // Later events cannot be stored either: they would leave a gap.
    await expect(write({ type: "node-skip", node: "b" })).rejects.toMatchObject({ code: "unavailable" });
    await expect(log.recover("busy")).rejects.toMatchObject({ code: "unavailable" });
    expect((await log.read("busy", -1)).length).toBe(1);
    other.exec("COMMIT");
    other.close();
    expect(await log.recover("busy")).toBe(0);
    await log.append(
      { run: "busy", seq: 1, at: 1, type: "run-fail", error: { code: "unavailable", message: "" } },
      { urgent: true },
    );
    expect((await log.row("busy"))?.status).toBe("failed");
    await log.close();
  });

  test("a full disk is reported as storage_full, and stored events stay readable", async () => {
    const file = join(folder, "full.db");
    const log = await openEventLog({ file, maxPages: 40 });
    const write = writer(log, "full");
    await write(start(), { urgent: true });
    const big = "x".repeat(300_000);
    await expect(
      write({ type: "node-end", node: "a", outputs: { text: big } }, { urgent: true }),
    ).rejects.toMatchObject({ code: "storage_full" });
    expect((await log.read("full", -1)).length).toBe(1);
    await writer(log, "small")(start(), { urgent: true });
    expect(await log.recover("full")).toBe(0);
    await log.append({ run: "full", seq: 1, at: 1, ...end } as never, { urgent: true });
    await log.close();
  });

  test("a file of the first schema is migrated, and its waiting runs are due", async () => {
    const file = join(folder, "old.db");
    (await openSqlite(file, SQLITE_EVENT_LOG.slice(0, 1))).close();
    const old = new Database(file);
    old.exec(
      `INSERT INTO runs (id, status, name, graph, message, input_tokens, output_tokens, steps, tool_calls, started_at)
       VALUES ('waits', 'waiting', 'Old', 'h', '', 0, 0, 0, 0, 1)`,
    );
    old.close();
    const log = await openEventLog({ file });
    expect(await log.due(1, 10)).toEqual(["waits"]);
    expect(await log.row("waits")).toMatchObject({ status: "waiting", name: "Old" });
    await log.close();
  });

  test.each(["new", "old"])("deleting runs makes a %s file smaller", async (age) => {
    const file = join(folder, `shrinks-${age}.db`);
    if (age === "old") (await openSqlite(file, SQLITE_EVENT_LOG)).close();
    let log = await openEventLog({ file });
    for (let i = 0; i < 40; i++) {
      const write = writer(log, `r${i}`);
      await write(start(), { urgent: true });
      write({ type: "node-end", node: "a", outputs: { text: `${i}`.repeat(100_000) } });
      await write(end, { urgent: true });
    }
    await writer(log, "open")(start(), { urgent: true });
    await log.close();
    const full = statSync(file).size;
    log = await openEventLog({ file });
    expect(await log.deleteBefore(Date.now())).toBe(40);
    expect(await log.row("open")).toBeDefined();
    await log.close();
    expect(full).toBeGreaterThan(4_000_000);
    expect(statSync(file).size).toBeLessThan(full / 10);
  });

  test("after it is closed it accepts no events", async () => {
    const log = await openEventLog({ file: join(folder, "closed.db") });
    const write = writer(log, "c");
    write(start());
    await log.close();
    await expect(write(end)).rejects.toMatchObject({ code: "unavailable" });
    const again = await openEventLog({ file: join(folder, "closed.db") });
    expect((await again.read("c", -1)).length).toBe(1);
    await again.close();
  });
});
