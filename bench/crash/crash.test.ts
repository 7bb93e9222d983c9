/** A short sample of the crash harness. `npm run crash -- --full` runs all of it. */
import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../runtime/event.ts";
import type { Record } from "./client.ts";
import { crash } from "./harness.ts";
import { judge } from "./judge.ts";

test("a server keeps its guarantees when it is killed at crash points and at random times", async () => {
  const report = await crash({ kills: 4, seed: 7, clients: 6 });
  expect(report.violations).toEqual([]);
  expect(report.runs).toBeGreaterThan(0);
}, 90_000);

describe("the judge", () => {
  const record: Record = { key: "k", id: "r", seen: [], breaks: 0, faults: [], ended: false };
  const at = { run: "r", at: 0, node: "brain" };
  const call = { id: "c", name: "http__count", arguments: {} };
  const intent = { ...at, type: "tool-start", call, tool: "http/count", argsHash: "", idempotencyKey: "key" } as const;
  const result = { ...at, type: "tool-end", call: "c", tool: "http/count", result: { content: "1" }, ms: 1 } as const;
  const whole = [
    { run: "r", at: 0, type: "run-start", agent: { name: "", graph: "" }, input: { message: "" } },
    intent,
    result,
    { run: "r", at: 0, type: "run-end", output: { reply: "" } },
  ].map((event, seq) => ({ ...event, seq })) as RunEvent[];
  const once = new Map([["key", 1]]);
  const renumber = (events: RunEvent[]) => events.map((event, seq) => ({ ...event, seq }));

  test("finds nothing in a complete run", () => {
    expect(judge(record, whole, once).violations).toEqual([]);
  });

  test.each<[string, RunEvent[], Map<string, number>]>([
    ["a gap", whole.filter((event) => event.seq !== 2), once],
    ["no end", whole.slice(0, -1), once],
    ["two ends", renumber([...whole, whole.at(-1)!]), once],
    ["a call made twice", whole, new Map([["key", 2]])],
    ["a repeated call that must not be repeated", renumber([whole[0]!, whole[1]!, ...whole.slice(1)]), once],
    [
      "a repeated call that was finished",
      renumber([...whole.slice(0, 3), whole[1]!, whole[2]!, whole[3]!]),
      new Map([["key", 2]]),
    ],
    [
      "a call wrongly reported as uncertain",
      renumber([
        ...whole.slice(0, 3),
        {
          ...at,
          seq: 0,
          type: "run-wait",
          waits: [
            {
              wait: "w",
              key: "u",
              kind: "uncertain",
              node: "brain",
              question: "?",
              call: { ...call, tool: "http/count" },
            },
          ],
        },
        whole[3]!,
      ]),
      once,
    ],
  ])("finds %s", (_name, events, calls) => {
    expect(judge(record, events, calls).violations).not.toEqual([]);
  });

  test("finds an event that was sent differently than it is stored", () => {
    const seen = [{ ...whole[0]!, at: 99 }];
    expect(judge({ ...record, seen }, whole, once).violations).toHaveLength(1);
  });
});
