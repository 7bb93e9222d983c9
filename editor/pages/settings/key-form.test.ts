import { describe, expect, it } from "vitest";
import { bodyOf, faultsOf, formOf, limitOf } from "./key-form.ts";

describe("a limit as it is typed", () => {
  it.each([
    ["tokensPerDay", "100,000", 100_000],
    ["tokensPerDay", "1 000", 1000],
    ["costUsdPerDay", "$2.50", 2.5],
    ["costUsdPerDay", ".5", 0.5],
    ["liveRuns", " ", undefined],
    ["liveRuns", "0", null],
    ["liveRuns", "1.5", null],
    ["callsPerMinute", "-3", null],
    ["callsPerMinute", "ten", null],
    ["callsPerMinute", "1e3", null],
    ["costUsdPerDay", "1000001", null],
  ] as const)("%s %j", (name, text, value) => expect(limitOf(name, text)).toBe(value));
});

describe("a key's form", () => {
  const key = {
    id: "k",
    name: "Site",
    agents: ["a", "b"],
    rights: ["run" as const, "answer" as const],
    limits: { tokensPerDay: 5, costUsdPerDay: 0.5 },
    expiresAt: 99,
    prefix: "pb_x",
    createdAt: 1,
  };

  it("changes nothing of a key that is opened and saved as it is", () => {
    const { id: _id, prefix: _prefix, createdAt: _createdAt, expiresAt: _expiresAt, ...same } = key;
    expect(bodyOf(formOf(key), 0)).toEqual(same);
  });

  it("takes an end away, and counts a new one from now", () => {
    expect(bodyOf({ ...formOf(key), expiry: "never" }, 0).expiresAt).toBeNull();
    expect(bodyOf({ ...formOf(key), expiry: "d30" }, 1000).expiresAt).toBe(1000 + 30 * 86_400_000);
  });

  it("says what is missing", () => {
    expect([...faultsOf(formOf())]).toEqual(["name"]);
    const bad = { ...formOf(key), which: "some" as const, chosen: new Set<string>() };
    bad.limits = { ...bad.limits, liveRuns: "x" };
    expect([...faultsOf(bad)]).toEqual(["liveRuns", "agents"]);
  });
});
