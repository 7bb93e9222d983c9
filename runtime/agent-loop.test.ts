import { describe, expect, it } from "vitest";
import { nodes } from "../nodes/index.ts";
import { graphOf, play } from "./testing/play.ts";

const chat = graphOf({ ask: "input", brain: "llm", reply: "output" }, [
  "ask.message brain.message",
  "brain.text reply.reply",
]);

describe("the loop", () => {
  it("answers", async () => {
    const { outcome, host, events } = await play(chat, nodes, { answers: ["Hello there."] }, { input: "Hi" });
    expect(outcome.output?.reply).toBe("Hello there.");
    expect(host.answerText()).toBe("Hello there.");
  });
});
