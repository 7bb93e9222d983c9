/** The contract of a ledger. Each implementation runs it in its own test. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Amount, Ledger } from "../ledger.ts";

const NONE: Amount = { tokens: 0, nanoUsd: 0 };
const NO_LIMIT: Amount = { tokens: Infinity, nanoUsd: Infinity };
const tokens = (count: number): Amount => ({ tokens: count, nanoUsd: 0 });
const DAY = "2031-05-06";

/** `open` returns two ledgers on one store, as two processes have; or the same one twice when only one process is possible. */
export function ledgerContract(
  name: string,
  open: () => Promise<{ ledgers: [Ledger, Ledger]; done(): Promise<void> }>,
) {
  describe(`${name}: ledger`, () => {
    let one: Ledger;
    let other: Ledger;
    let done: () => Promise<void>;
    let holds = 0;
    const hold = (ledger: Ledger, key: string, amount: Amount, limits: Amount, id = `hold-${++holds}`) =>
      ledger.hold({ id, key, day: DAY, amount }, limits).then((held) => held && id);
    beforeAll(async () => {
      const opened = await open();
      [one, other] = opened.ledgers;
      done = opened.done;
    });
    afterAll(() => done());

    test("a day begins with the known usage; a later begin can only increase it", async () => {
      expect(await one.day("begin", DAY)).toBeUndefined();
      await one.begin("begin", DAY, { tokens: 5, nanoUsd: 7 });
      await other.begin("begin", DAY, tokens(3));
      expect(await other.day("begin", DAY)).toEqual({ used: { tokens: 5, nanoUsd: 7 }, held: NONE });
      await hold(one, "begin", tokens(2), NO_LIMIT);
      await other.begin("begin", DAY, tokens(100));
      expect(await one.day("begin", DAY)).toEqual({ used: { tokens: 100, nanoUsd: 7 }, held: tokens(2) });
      expect(await one.day("begin", "2031-05-07")).toBeUndefined();
    });

    test("holds until a limit is reached, exactly N times; settling makes room", async () => {
      await one.begin("n", DAY, NONE);
      const limits = { ...NO_LIMIT, tokens: 30 };
      const ids = [];
      for (const ledger of [one, other, one]) ids.push(await hold(ledger, "n", tokens(10), limits));
      expect(ids).not.toContain(false);
      expect(await hold(other, "n", tokens(10), limits)).toBe(false);
      expect(await one.day("n", DAY)).toEqual({ used: NONE, held: tokens(30) });
      await other.settle(ids[0] as string, tokens(9));
      expect(await one.day("n", DAY)).toEqual({ used: tokens(9), held: tokens(20) });
      expect(await hold(one, "n", tokens(10), limits)).not.toBe(false);
      expect(await hold(one, "n", tokens(1), limits)).toBe(false);
    });

    test("money has its own limit, exact to a billionth", async () => {
      await one.begin("money", DAY, NONE);
      const limits = { ...NO_LIMIT, nanoUsd: 3 };
      for (let i = 0; i < 3; i++) {
        const id = await hold(one, "money", { tokens: 1_000_000, nanoUsd: 1 }, limits);
        await one.settle(id as string, { tokens: 1_000_000, nanoUsd: 1 });
      }
      expect(await hold(one, "money", { tokens: 0, nanoUsd: 0 }, limits)).toBe(false);
      expect(await hold(one, "money", { tokens: 0, nanoUsd: 0 }, { ...NO_LIMIT, nanoUsd: 4 })).not.toBe(false);
    });

    test("a repeated hold or settlement counts once", async () => {
      await one.begin("again", DAY, NONE);
      const limits = { ...NO_LIMIT, tokens: 10 };
      expect(await hold(one, "again", tokens(10), limits, "same")).toBe("same");
      expect(await hold(other, "again", tokens(10), limits, "same")).toBe("same");
      await one.settle("same", tokens(4));
      await other.settle("same", tokens(4));
      await one.settle("never-taken", tokens(99));
      expect(await one.day("again", DAY)).toEqual({ used: tokens(4), held: NONE });
    });

    test("a minute allows exactly N calls, over both processes", async () => {
      expect(await one.takeCalls("calls", 7, 2, 5)).toBe(true);
      expect(await other.takeCalls("calls", 7, 2, 5)).toBe(true);
      expect(await one.takeCalls("calls", 7, 2, 5)).toBe(false);
      expect(await one.takeCalls("calls", 7, 1, 5)).toBe(true);
      expect(await other.takeCalls("calls", 7, 1, 5)).toBe(false);
      expect(await other.takeCalls("calls", 8, 1, 5)).toBe(true);
      expect(await one.takeCalls("other", 7, 6, 5)).toBe(false);
      await one.settleOld(8 * 60_000);
      expect(await one.takeCalls("calls", 7, 5, 5)).toBe(true);
      expect(await one.takeCalls("calls", 8, 5, 5)).toBe(false);
    });

    test("old holds count as used; new ones do not", async () => {
      await one.begin("dead", DAY, NONE);
      await hold(one, "dead", tokens(10), NO_LIMIT);
      await one.settleOld(Date.now() - 60_000);
      expect((await one.day("dead", DAY))?.held).toEqual(tokens(10));
      await one.settleOld(Date.now() + 1);
      expect(await one.day("dead", DAY)).toEqual({ used: tokens(10), held: NONE });
    });

    test("twenty concurrent calls exceed the limit by less than one call", async () => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 60 }),
          fc.array(
            fc.record({ most: fc.integer({ min: 1, max: 15 }), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
            {
              minLength: 20,
              maxLength: 20,
            },
          ),
          async (limit, calls) => {
            const key = `parallel-${++round}`;
            await one.begin(key, DAY, NONE);
            const limits = { ...NO_LIMIT, tokens: limit };
            const used = await Promise.all(
              calls.map(async ({ most, share }, at) => {
                const ledger = at % 2 === 0 ? one : other;
                const id = await hold(ledger, key, tokens(most), limits);
                if (id === false) return 0;
                const used = Math.floor(most * share);
                await ledger.settle(id, tokens(used));
                return used;
              }),
            );
            const sum = used.reduce((a, b) => a + b, 0);
            expect(sum).toBeLessThan(limit + Math.max(...calls.map(({ most }) => most)));
            expect(await one.day(key, DAY)).toEqual({ used: tokens(sum), held: NONE });
          },
        ),
        { numRuns: 20 },
      );
    });
  });
}
