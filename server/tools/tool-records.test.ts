import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { importOpenApi } from "./openapi/import.ts";
import { createToolRecords } from "./tool-records.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-tools-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("others come to their turn while the tools of a large API are stored and read", async () => {
  const paths = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`/p${n}`, { get: {} }]));
  const { tools } = importOpenApi({ openapi: { openapi: "3.0.0", paths }, server: "https://api.test" });
  const records = await sqliteRecords(join(folder, "records.db"));
  const library = createToolRecords(records, Date.now);
  const turnsDuring = async (work: Promise<unknown>) => {
    let isDone = false;
    const end = work.finally(() => {
      isDone = true;
    });
    let turns = 0;
    for (; !isDone; turns++) await setImmediate();
    await end;
    return turns;
  };
  expect(await turnsDuring(library.put(tools))).toBeGreaterThanOrEqual(20);
  expect(await turnsDuring(library.all())).toBeGreaterThanOrEqual(20);
  expect((await library.all()).tools.size).toBe(1_000);
  expect(await turnsDuring(library.remove("openapi/api-test/*"))).toBeGreaterThanOrEqual(20);
  await records.close();
});
