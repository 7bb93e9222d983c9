import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ledgerContract } from "../contracts/ledger.contract.ts";
import { sqliteLedger } from "./ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-ledger-"));
afterAll(() => rmSync(folder, { recursive: true }));

ledgerContract("SQLite", async () => {
  const ledger = await sqliteLedger(join(folder, "contract.db"));
  return { ledgers: [ledger, ledger], done: () => ledger.close() };
});

test("usage and holds are kept when it is opened again", async () => {
  const file = join(folder, "again.db");
  const first = await sqliteLedger(file);
  await first.begin("k", "2031-05-06", { tokens: 1, nanoUsd: 2 });
  await first.hold(
    { id: "h", key: "k", day: "2031-05-06", amount: { tokens: 3, nanoUsd: 4 } },
    { tokens: 100, nanoUsd: 100 },
  );
  await first.close();
  const second = await sqliteLedger(file);
  expect(await second.day("k", "2031-05-06")).toEqual({
    used: { tokens: 1, nanoUsd: 2 },
    held: { tokens: 3, nanoUsd: 4 },
  });
  await second.close();
});
