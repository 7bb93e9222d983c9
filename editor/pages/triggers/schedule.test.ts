import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cronOf, KINDS, nextTimes, type Rhythm, rhythmOf, STEPS } from "./schedule.ts";

const rhythm = fc.record<Rhythm>({
  every: fc.constantFrom(...KINDS.filter((kind) => kind !== "custom")),
  step: fc.constantFrom(...STEPS),
  hour: fc.integer({ min: 0, max: 23 }),
  minute: fc.integer({ min: 0, max: 59 }),
  weekday: fc.integer({ min: 0, max: 6 }),
  day: fc.integer({ min: 1, max: 31 }),
  cron: fc.constant("* * * * *"),
});

describe("a rhythm", () => {
  it("comes back from its pattern as the same pattern, and every pattern fires", () =>
    fc.assert(
      fc.property(rhythm, (one) => {
        const cron = cronOf(one);
        expect(rhythmOf(cron).every).toBe(one.every);
        expect(cronOf(rhythmOf(cron))).toBe(cron);
        expect(nextTimes(cron, "UTC", 3)).toHaveLength(3);
      }),
    ));

  it("keeps a pattern that has no plainer words as it was written", () => {
    for (const cron of [
      "*/15 8-18 * * 1-5",
      "0 9 1 1 *",
      "0 9 1 * 1",
      "@daily",
      "60 9 * * *",
      "0 24 * * *",
      "00 9 * * *",
      "*/7 * * * *",
      "*/05 * * * *",
      "",
    ])
      expect(rhythmOf(cron)).toMatchObject({ every: "custom", cron });
  });

  it("counts in the zone's own time, also over the change of the clocks", () => {
    const from = new Date("2035-03-24T12:00:00Z");
    expect(nextTimes("0 9 * * *", "Europe/Berlin", 2, from)?.map((time) => new Date(time).toISOString())).toEqual([
      "2035-03-25T07:00:00.000Z",
      "2035-03-26T07:00:00.000Z",
    ]);
    expect(nextTimes("0 9 * * 1-5", "Asia/Shanghai", 1, from)).toEqual([Date.parse("2035-03-26T01:00:00Z")]);
  });

  it("says so where there is no next time", () => {
    for (const [cron, zone] of [
      ["never", "UTC"],
      ["0 0 31 2 *", "UTC"],
      ["0 9 * * *", "Moon/Base"],
      ["* * * * * *", "UTC"],
    ] as const)
      expect(nextTimes(cron, zone, 1)).toBeUndefined();
  });
});
