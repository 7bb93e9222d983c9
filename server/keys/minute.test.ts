import { describe, expect, test } from "vitest";
import { sqliteLedger } from "../stores/sqlite/ledger.ts";
import { sharedMinute } from "./minute.ts";
import type { CallerKey } from "./service.ts";

describe("a minute that processes share", () => {
  const key: CallerKey = { id: "k", name: "site", agents: "*", rights: ["run"], prefix: "pb_", createdAt: 0 };

  test.each([3, 20, 60, 61])(
    "lets %d calls through, not one more, however they are spread, and begins anew",
    async (limit) => {
      const ledger = await sqliteLedger(":memory:");
      let now = 60_000 * 100;
      const doors = [0, 1, 2].map(() =>
        sharedMinute(
          (...asked) => ledger.takeCalls(...asked),
          () => now,
        ),
      );
      const call = async (door: number) => {
        try {
          await doors[door]!.take(key, limit);
          return true;
        } catch (error) {
          expect(error).toMatchObject({ code: "rate_limited", retryAfter: 60 });
          return false;
        }
      };
      const first = await Promise.all(Array.from({ length: limit }, (_, at) => call(at % 3)));
      // What a door was given and has not used is refused elsewhere, and used at that door.
      const rest: boolean[] = [];
      for (let at = 0; at < limit; at++) for (const door of [0, 1, 2]) rest.push(await call(door));
      expect([...first, ...rest].filter(Boolean)).toHaveLength(limit);
      now += 60_000;
      expect(await call(1)).toBe(true);
      await ledger.close();
    },
  );

  test("asks the store once for a part of the calls, not for each", async () => {
    let asked = 0;
    const door = sharedMinute(async () => {
      asked++;
      return true;
    });
    for (let call = 0; call < 30; call++) await door.take(key, 600);
    expect(asked).toBeLessThanOrEqual(2);
  });
});
