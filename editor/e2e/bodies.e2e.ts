import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import { graphOf } from "./graphs.ts";
import { type Desk, makeAgent, openDesk, startServer, type TestServer } from "./harness.ts";

let server: TestServer;
let desk: Desk;
let page: Page;

beforeAll(async () => {
  server = await startServer();
  desk = await openDesk(server);
  page = desk.page;
});
afterAll(async () => {
  await desk?.close();
  await server?.stop();
});
afterEach(() => {
  expect(desk.faults.splice(0)).toEqual([]);
});

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
const card = (id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
const saved = async (id: string) =>
  (await server.call<{ graph: Graph }>("GET", `/api/agents/${id}`)).graph.nodes.find((node) => node.id === "each")!
    .config as { body?: Graph | null };

describe("a container's body", () => {
  it("is begun from the card, edited as a graph, undone, and seen item by item", async () => {
    const id = await makeAgent(server, lines());
    await page.goto(`${server.origin}/agents/${id}`);
    await card("each").getByRole("button", { name: "Build what it repeats" }).click();
    await page.getByRole("button", { name: "Back to “Line by line”" }).waitFor();
    await page.getByRole("heading", { name: "What happens to each item" }).waitFor();
    await expect.poll(() => page.locator(".react-flow__node").count()).toBe(2);

    // The same palette, keys and history as outside.
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
    await card("each").getByRole("button", { name: "Open what it repeats" }).click();
    const picker = page.getByRole("combobox", { name: "Whose life the cards show" });
    await picker.selectOption({ label: "Item 2 · done" });
    await card("ask").getByText("two").waitFor();
    await page.getByRole("button", { name: "Line by line", exact: true }).click();
    await card("each").getByText("3 of 3").waitFor();
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
