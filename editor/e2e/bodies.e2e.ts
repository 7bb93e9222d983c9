import { describe, expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import { editorSuite } from "./editor-suite.ts";
import { graphOf } from "./graphs.ts";
import { makeAgent } from "./harness.ts";

const { server, page, card } = await editorSuite();

const lines = () =>
  graphOf(
    "Line by line",
    [
      ["ask", "input", {}],
      ["each", "map", {}],
      ["reply", "output", {}],
    ],
    ["ask.message > each.items", "each.results > reply.reply"],
    { ask: [0, 0], each: [320, 0], reply: [640, 0] },
  );
const saved = async (id: string) =>
  (await server.call<{ graph: Graph }>("GET", `/api/agents/${id}`)).graph.nodes.find((node) => node.id === "each")!
    .config as { body?: Graph | null };

describe("a container's body", () => {
  it("is begun from the card, edited as a graph, undone, and seen item by item", async () => {
    const id = await makeAgent(server, lines());
    await page.goto(`${server.origin}/agents/${id}`);
    await card("each").getByRole("button", { name: "Create body" }).click();
    await page.getByRole("button", { name: "Back to “Line by line”" }).waitFor();
    await page.getByRole("heading", { name: "Runs for each item" }).waitFor();
    await expect.poll(() => page.locator(".react-flow__node").count()).toBe(2);

    // Palette, keys and history work as in the outer graph.
    await page.keyboard.press("/");
    await page.keyboard.type("prompt");
    await page.keyboard.press("Enter");
    await card("brief").waitFor();
    await expect.poll(async () => (await saved(id)).body?.nodes.length).toBe(3);
    await page.getByRole("button", { name: "Undo" }).click();
    await card("brief").waitFor({ state: "detached" });

    await page.locator(".react-flow__pane").click({ position: { x: 300, y: 30 } });
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Back to “Line by line”" }).waitFor({ state: "detached" });
    await card("reply").waitFor();

    await page.keyboard.press("Control+Enter");
    await page.locator("#try-message").fill("one\ntwo\nthree");
    await page.keyboard.press("Enter");
    await card("each").getByText("3 of 3").waitFor();
    await card("each").getByRole("button", { name: "Open body" }).click();
    await page.getByLabel("Item number").fill("2");
    await card("ask").getByText("two").waitFor();
    await page.getByRole("button", { name: "Next item" }).click();
    await card("ask").getByText("three").waitFor();
    await page.getByRole("button", { name: "Line by line", exact: true }).click();
    await card("each").getByText("3 of 3").waitFor();
  });
});

/** A loop around a map around an agent around an approval. The word "boom" fails its item. */
async function nested(): Promise<string> {
  const gate = await makeAgent(
    server,
    graphOf(
      "Gate",
      [
        ["ask", "input", {}],
        ["check", "code", { inputs: [{ name: "text" }], outputs: [{ name: "text" }], source: CHECK }],
        ["gate", "approval", { question: "Let this out?" }],
        ["reply", "output", {}],
      ],
      ["ask.message > check.text", "check.text > gate.value", "gate.approved > reply.reply"],
      { ask: [0, 0], check: [300, 0], gate: [600, 0], reply: [900, 0] },
    ),
  );
  const places = { ask: [0, 0], inner: [300, 0], reply: [600, 0] } satisfies Record<string, [number, number]>;
  const around = (name: string, type: string, config: object, edges: string[]) =>
    graphOf(
      name,
      [
        ["ask", "input", {}],
        ["inner", type, config],
        ["reply", "output", {}],
      ],
      edges,
      places,
    );
  const item = around("Item", "agent", { agent: gate }, ["ask.message > inner.message", "inner.reply > reply.reply"]);
  const each = { body: item, onItemError: "collect", concurrency: 2 };
  const turn = around("Turn", "map", each, ["ask.message > inner.items", "inner.results > reply.reply"]);
  const loop = { body: turn, maxTurns: 1 };
  return makeAgent(server, around("Nested", "loop", loop, ["ask.message > inner.value", "inner.result > reply.reply"]));
}
const CHECK =
  'if (input.text === "boom") throw new Error("The word boom is not allowed."); return { text: input.text };';

describe("bodies in bodies", () => {
  it("are unfolded, opened and answered in place, item by item, while the rest goes on", async () => {
    await page.goto(`${server.origin}/agents/${await nested()}?try=1`);
    await card("inner").waitFor();
    await page.locator("#try-message").fill("alpha\nboom\ngamma");
    await page.keyboard.press("Enter");
    const asked = page.getByRole("region", { name: "Let this out?" });
    await expect.poll(() => asked.count()).toBe(2);
    await asked.getByText("Loop, iteration 1 › Map, item 3 › Agent").waitFor();
    await card("inner").getByText("1 needs approval").waitFor();
    await card("inner").getByRole("button", { name: "Expand on the card" }).click();
    await card("inner").getByText("Iteration 1 · Needs approval").waitFor();

    // An unsent message survives entering and leaving the body.
    await page.locator("#try-message").fill("Not sent yet");
    await card("inner").getByRole("button", { name: "Open body" }).first().click();
    await card("inner").getByText("1 failed").waitFor();
    await card("inner").getByText("The word boom is not allowed.").waitFor();
    await card("inner").getByRole("button", { name: "Open body" }).first().click();
    await page.getByRole("button", { name: "1 failed" }).click();
    await page.getByRole("group", { name: "Item or iteration" }).getByText("failed: ").waitFor();
    expect(await page.getByLabel("Item number").inputValue()).toBe("2");
    await page.getByRole("button", { name: "Follow the current item" }).click();
    expect(await page.getByLabel("Item number").inputValue()).toBe("1");

    // The agent inside is opened with its run, and decided there.
    await card("inner").getByRole("button", { name: "View contents" }).click();
    await page.getByText("Draft of “Gate” (read-only)").waitFor();
    await card("gate").getByText("alpha").waitFor();
    await card("gate").getByRole("button", { name: "Approve" }).click();
    await expect.poll(() => asked.count()).toBe(1);
    expect(await page.locator("#try-message").inputValue()).toBe("Not sent yet");

    // From the question in the conversation to its node, and the decision there.
    await asked.getByRole("button", { name: "Loop, iteration 1 › Map, item 3 › Agent" }).click();
    await card("gate").getByText("gamma").waitFor();
    await asked.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Done", { exact: true }).first().waitFor();
    await page.getByRole("listitem").getByText("alpha").last().waitFor();

    // Its time is collapsed until it is expanded.
    await page.getByRole("button", { name: "Nested", exact: true }).click();
    const bars = page.getByRole("list", { name: "Timeline" });
    expect(await bars.getByText("Item 2").count()).toBe(0);
    for (const name of ["Loop", "Iteration 1", "Map", "Item 2", "Agent"])
      await bars
        .getByRole("button", { name: `Expand “${name}”` })
        .first()
        .click();
    await bars.getByRole("button", { name: "Code", exact: true }).click();
    await page.getByText("Draft of “Gate” (read-only)").waitFor();
    await card("check").getByText("The word boom is not allowed.").waitFor();
  });
});

describe("a node that waits", () => {
  it("is answered on its card", async () => {
    const id = await makeAgent(
      server,
      graphOf(
        "Gatekeeper",
        [
          ["ask", "input", {}],
          ["gate", "approval", { question: "Let this out?" }],
          ["reply", "output", {}],
        ],
        ["ask.message > gate.value", "gate.approved > reply.reply"],
        { ask: [0, 0], gate: [320, 0], reply: [640, 0] },
      ),
    );
    await page.goto(`${server.origin}/agents/${id}`);
    await card("gate").waitFor();
    await page.keyboard.press("Control+Enter");
    await page.locator("#try-message").fill("The letter");
    await page.keyboard.press("Enter");
    await card("gate").getByText("Let this out?").waitFor();
    await card("gate").getByRole("button", { name: "Approve" }).click();
    await card("reply").getByText("The letter").waitFor();
  });
});
