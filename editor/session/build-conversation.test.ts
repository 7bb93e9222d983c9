import { describe, expect, it } from "vitest";
import type { Patch, PatchPart } from "../../runtime/patch.ts";
import { smallGraph } from "../e2e/graphs.ts";
import {
  type BuildDeps,
  type BuildMessage,
  conversationMessages,
  createBuildConversation,
} from "./build-conversation.ts";

const none: ReadonlySet<number> = new Set();
const parts: PatchPart[] = [
  { do: "add-node", id: "check", type: "approval", config: { question: "Send it?" } },
  { do: "remove-edge", from: "brain.text", to: "reply.reply" },
  { do: "add-edge", from: "brain.text", to: "check.value" },
  { do: "add-edge", from: "check.approved", to: "reply.reply" },
  { do: "set-config", id: "brief", config: { template: "You answer about {{topic}} in one short paragraph." } },
];
const patch = (...all: PatchPart[]): Patch => ({ summary: "Asks first.", parts: all });

describe("building by chat", () => {
  function talk(propose: BuildDeps["propose"]) {
    return createBuildConversation({ graph: smallGraph, propose });
  }

  it("sends the model its patches and their outcomes", async () => {
    const heard: BuildMessage[][] = [];
    const made = talk(async (request) => {
      heard.push(request.conversation);
      return { patch: patch(...parts) };
    });
    await made.ask("ask me first", "m");
    made.markApplied(0, new Set([0, 1, 2, 3]));
    await made.ask("shorter", "m");
    await made.ask("something else", "m");
    expect(heard[2]!.map(({ role, content }) => `${role}: ${content.slice(0, 70)}`)).toEqual([
      "user: ask me first",
      `assistant: ${JSON.stringify(patch(...parts)).slice(0, 70)}`,
      "user: (I applied that patch without its parts 5.)\nshorter",
      `assistant: ${JSON.stringify(patch(...parts)).slice(0, 70)}`,
      "user: (I did not apply that patch.)\nsomething else",
    ]);
    expect(made.getState().turns.map((turn) => turn.state)).toEqual(["applied", "refused", "proposed"]);
  });

  it("stops, and retries", async () => {
    let answers = 0;
    const made = talk(
      (_request, signal) =>
        new Promise((resolve, reject) => {
          if (answers++ > 0) return resolve({ patch: patch() });
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    );
    const asked = made.ask("slow", "m");
    await made.ask("ignored while it waits", "m");
    made.stop();
    await asked;
    expect(made.getState().turns).toMatchObject([{ request: "slow", state: "stopped" }]);
    await made.retry("m");
    expect(made.getState().turns).toMatchObject([{ request: "slow", state: "proposed" }]);
  });

  it("keeps a failed turn, and does not send it to the model", async () => {
    const made = talk(() => Promise.reject(new Error("no")));
    await made.ask("one", "m");
    expect(made.getState().turns).toMatchObject([{ state: "failed", error: new Error("no") }]);
    expect(conversationMessages(made.getState().turns, "two")).toEqual([{ role: "user", content: "two" }]);
  });

  it("sends no message that is longer than the server accepts", () => {
    const long = "x".repeat(30_000);
    const turns = [
      {
        id: 0,
        request: long,
        state: "applied" as const,
        unticked: none,
        patch: patch({ do: "set-config", id: "brief", config: { template: long } }),
      },
    ];
    expect(conversationMessages(turns, long).map(({ content }) => content.length)).toEqual([20_000, 11, 20_000]);
  });
});
