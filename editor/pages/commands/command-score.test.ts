import { describe, expect, it } from "vitest";
import { commandScore } from "./command-score.ts";

describe("the search over everything", () => {
  it("takes words that stand in an entry, whole words first, and no strewn letters", () => {
    expect(commandScore("node Language model brain", "brain")).toBe(1);
    expect(commandScore("do Build by conversation", "brain")).toBe(0);
    expect(commandScore("do Build by conversation", "conv")).toBeGreaterThan(commandScore("do Reconvene", "conv"));
    expect(commandScore("add 大模型 llm", "模型")).toBeGreaterThan(0);
    expect(commandScore("do Zoom in", "in zoom")).toBe(1);
  });
});
