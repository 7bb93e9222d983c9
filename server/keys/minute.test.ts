import { describe, expect, test } from "vitest";
import { sqliteLedger } from "../stores/sqlite/ledger.ts";
import { sharedMinute } from "./minute.ts";
import type { CallerKey } from "./service.ts";

describe("a minute shared by processes", () => {
  const key: CallerKey = { id: "k", name: "site", agents: "*", rights: ["run"], prefix: "pb_", createdAt: 0 };

  test.each([3, 20, 60, 61])(
    "allows %d calls and not one more, spread over the processes, and starts again",
    async (limit) => {
      const ledger = await sqliteLedger(":memory:");
      let now = 60_000 * 100;
      const processes = [0, 1, 2].map(() =>
        sharedMinute(
          (...asked) => ledger.takeCalls(...asked),
          () => now,
        ),
      );
      const call = async (process: number) => {
        try {
          await processes[process]!.take(key, limit);
          return true;
        } catch (error) {
          expect(error).toMatchObject({ code: "rate_limited", retryAfter: 60 });
          return false;
        }
      };
      const first = await Promise.all(Array.from({ length: limit }, (_, at) => call(at % 3)));
      // Calls that one process took and has not used are refused in the others.
      const rest: boolean[] = [];
      for (let at = 0; at < limit; at++) for (const process of [0, 1, 2]) rest.push(await call(process));
      expect([...first, ...rest].filter(Boolean)).toHaveLength(limit);
      now += 60_000;
      expect(await call(1)).toBe(true);
      await ledger.close();
    },
  );

  test("asks the store for a part of the calls at once", async () => {
    let asked = 0;
    const process = sharedMinute(async () => {
      asked++;
      return true;
    });
    for (let call = 0; call < 30; call++) await process.take(key, 600);
    expect(asked).toBeLessThanOrEqual(2);
  });
});
