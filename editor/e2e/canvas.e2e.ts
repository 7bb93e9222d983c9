import { describe, expect, it } from "vitest";
import { editorSuite } from "./editor-suite.ts";
import { graphOf, smallGraph } from "./graphs.ts";

const { server, page, card, open, saved } = await editorSuite();

const port = (node: string, id: string, side: "source" | "target") =>
  card(node).locator(`.react-flow__handle.${side}[data-handleid="${id}"]`);
const edges = () => page.locator(".react-flow__edge");
const middle = async (locator: ReturnType<typeof port>) => {
  const box = (await locator.boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
};

/** Pastes a text, so that the editor does not add closing brackets. */
async function paste(text: string): Promise<void> {
  await page.evaluate((value) => navigator.clipboard.writeText(value), text);
  await page.keyboard.press("Control+v");
}

async function drag(from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 6 });
  await page.mouse.move(to.x, to.y, { steps: 6 });
  await page.mouse.up();
}

describe("nodes", () => {
  it("are added from the palette by search and Enter, by a click, and by dragging", async () => {
    const id = await open(graphOf("Empty", [], [], {}));
    await page.keyboard.press("/");
    await page.keyboard.type("retr");
    await page.keyboard.press("Enter");
    await card("facts").waitFor();
    await page.getByRole("button", { name: /^Prompt/ }).click();
    await card("brief").waitFor();
    await page
      .getByRole("button", { name: /^Language model/ })
      .dragTo(page.locator(".react-flow__pane"), { targetPosition: { x: 200, y: 480 } });
    await card("brain").waitFor();
    const graph = await saved(id);
    expect(graph.nodes.map((node) => node.type)).toEqual(["retriever", "prompt", "llm"]);
    expect(Object.keys(graph.layout)).toHaveLength(3);
  });

  it("are dragged in one step, nudged by arrow keys in another, and both are undone", async () => {
    const id = await open();
    const before = await card("kit").boundingBox();
    const from = await middle(card("kit").locator("header"));
    await drag(from, { x: from.x + 60, y: from.y + 90 });
    const moved = (await saved(id)).layout.kit!;
    expect(moved.y).toBeGreaterThan(smallGraph().layout.kit!.y + 60);
    await page.keyboard.press("Control+z");
    await expect.poll(async () => (await card("kit").boundingBox())?.y).toBeCloseTo(before!.y, 0);
    await page.keyboard.press("Control+Shift+z");
    await expect.poll(async () => (await card("kit").boundingBox())?.y).not.toBeCloseTo(before!.y, 0);
    await card("kit").focus();
    for (let n = 0; n < 4; n++) await page.keyboard.press("ArrowDown");
    await expect.poll(async () => (await saved(id)).layout.kit!.y).toBeGreaterThan(moved.y);
    await page.keyboard.press("Control+z");
    await expect.poll(async () => (await saved(id)).layout.kit).toEqual(moved);
  });

  it("are chosen together, copied, pasted, duplicated and removed, with the edges between them", async () => {
    const id = await open();
    await card("brief").locator("header").click();
    await card("brain")
      .locator("header")
      .click({ modifiers: ["Shift"] });
    await page.getByText("2 nodes are selected.").waitFor();
    await page.keyboard.press("Control+c");
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(JSON.parse(text)).toMatchObject({
      format: "patchbay/1",
      edges: [{ from: "brief.text", to: "brain.instructions" }],
    });
    await page.keyboard.press("Control+v");
    await expect
      .poll(async () => (await saved(id)).nodes.map((node) => node.id))
      .toEqual(["ask", "brief", "kit", "brain", "reply", "brief-2", "brain-2"]);
    await page.keyboard.press("Control+d");
    await expect.poll(async () => (await saved(id)).edges.length).toBe(7);
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await expect.poll(async () => (await saved(id)).nodes.length).toBe(5);
  });

  it("refuse garbage from the clipboard with one sentence", async () => {
    await open();
    await page.evaluate(() => navigator.clipboard.writeText("not a graph"));
    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    await page.keyboard.press("Control+v");
    await page.getByText("The clipboard does not contain a graph").first().waitFor();
    expect(await page.locator(".react-flow__node").count()).toBe(5);
  });

  it("of a type that is not known are shown, kept and editable as JSON", async () => {
    const id = await open({
      ...smallGraph(),
      nodes: [...smallGraph().nodes, { id: "x", type: "from-the-future", version: 7, config: { keep: ["me"] } }],
    });
    await page.getByRole("button", { name: "Zoom to fit" }).click();
    await card("x").locator("header").click();
    await page.getByText("Unknown node type “from-the-future”").waitFor();
    await page.getByLabel("Node title").fill("Later");
    await expect
      .poll(async () => (await saved(id)).nodes.at(-1))
      .toEqual({ id: "x", type: "from-the-future", version: 7, title: "Later", config: { keep: ["me"] } });
  });
});

describe("connections", () => {
  it("are drawn between ports that fit, refused between those that do not, and say why", async () => {
    const id = await open();
    await drag(await middle(port("ask", "history", "source")), await middle(port("brain", "history", "target")));
    await expect.poll(() => edges().count()).toBe(6);
    await drag(await middle(port("kit", "tools", "source")), await middle(port("brain", "message", "target")));
    await page.getByText("These ports have different types").first().waitFor();
    expect((await saved(id)).edges).toHaveLength(6);
  });

  it("dropped into space offer what fits, best first, and come wired", async () => {
    const id = await open();
    const from = await middle(port("ask", "history", "source"));
    await drag(from, { x: from.x + 40, y: from.y + 230 });
    const options = page.getByRole("listbox").getByRole("option");
    await expect.poll(() => options.first().textContent()).toContain("Language model");
    await page.keyboard.press("Enter");
    await expect
      .poll(async () => (await saved(id)).edges.at(-1))
      .toEqual({ from: "ask.history", to: "brain-2.history" });
  });

  it("take a node in between by a double click", async () => {
    const id = await open(
      graphOf(
        "Line",
        [
          ["ask", "input", {}],
          ["reply", "output", {}],
        ],
        ["ask.message > reply.reply"],
        { ask: [0, 0], reply: [420, 0] },
      ),
    );
    const from = await middle(port("ask", "message", "source"));
    const to = await middle(port("reply", "reply", "target"));
    await page.mouse.dblclick((from.x + to.x) / 2, (from.y + to.y) / 2);
    await page.getByRole("combobox", { name: "Add node…" }).fill("language");
    await page.keyboard.press("Enter");
    await expect
      .poll(async () => (await saved(id)).edges)
      .toEqual([
        { from: "ask.message", to: "brain.message" },
        { from: "brain.text", to: "reply.reply" },
      ]);
  });

  it("are made and taken away without a mouse, from the form", async () => {
    const id = await open();
    await card("brain").focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Connect history").waitFor();
    await page.getByLabel("Connect history").selectOption("ask.history");
    await expect.poll(async () => (await saved(id)).edges).toContainEqual({ from: "ask.history", to: "brain.history" });
    await page.getByRole("button", { name: "Delete connection to Input · history" }).click();
    await expect.poll(async () => (await saved(id)).edges.length).toBe(5);
  });
});

describe("forms", () => {
  it("make a port while {{name}} is typed, keep every keystroke, and undo them as one step", async () => {
    const id = await open();
    await card("brief").locator("header").click();
    const editor = page.locator("#inspector .monaco-editor");
    await editor.click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" In {{city}}", { delay: 15 });
    await port("brief", "city", "target").waitFor();
    await expect
      .poll(async () => (await saved(id)).nodes[1]!.config)
      .toEqual({ template: "You answer about {{topic}} in one paragraph. In {{city}}" });
    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    await page.keyboard.press("Control+z");
    await expect.poll(async () => (await saved(id)).nodes[1]!.config).toEqual(smallGraph().nodes[1]!.config);
  });

  it("keep half a JSON text beside the graph until it parses", async () => {
    const id = await open();
    await card("brain").locator("header").click();
    await page.getByRole("button", { name: /^More/ }).click();
    const editor = page.locator('[data-field="schema"] .monaco-editor');
    await editor.click();
    await paste('{"type": "object"');
    await page.locator('[data-field="schema"]').getByText("Not saved yet").waitFor();
    await card("kit").locator("header").click();
    await card("brain").locator("header").click();
    await page.getByRole("button", { name: /^More/ }).click();
    await editor.click();
    await page.keyboard.press("Control+End");
    await paste("}");
    await expect.poll(async () => (await saved(id)).nodes[3]!.config).toEqual({ schema: { type: "object" } });
  });

  it("choose tools and whether they ask, and the card says so", async () => {
    const id = await open();
    await card("kit").locator("header").click();
    const tools = page.locator('[data-field="tools"]');
    await tools.getByRole("checkbox", { name: /^text/ }).click();
    await tools.getByLabel("Approval for builtin/clock").getByRole("radio", { name: "Ask first" }).click();
    await card("kit").getByText("needs approval").waitFor();
    await expect
      .poll(async () => (await saved(id)).nodes[2]!.config)
      .toEqual({ tools: ["builtin/calculator", "builtin/clock", "builtin/text"], approve: { "builtin/clock": "ask" } });
  });
});

describe("issues", () => {
  it("stand on the node and in a list that jumps, with a fix of one click", async () => {
    const id = await open(graphOf("Broken", [["brain", "llm", {}]], [], { brain: [0, 0] }));
    await page.getByRole("tab", { name: /^Issues/ }).click();
    for (const name of ["Add input node", "Add output node", /^Connect ask\.message/, /^Connect brain\.text/]) {
      const button = page.getByRole("button", { name });
      const issue = page.getByRole("tabpanel").locator("ul > li").filter({ has: button });
      const message = (await issue.locator("button, p").first().textContent())!;
      await button.click();
      // The list moves up a moment after the button is gone: when the graph has been checked again.
      await expect.poll(() => page.getByRole("tabpanel").textContent()).not.toContain(message);
    }
    await expect
      .poll(async () =>
        (
          await server.call<{ issues: { severity: string }[] }>("POST", "/api/check", { graph: await saved(id) })
        ).issues.filter((issue) => issue.severity === "error"),
      )
      .toEqual([]);
    await page.getByText("uses the demo model").first().click();
    await page.getByRole("tab", { name: "Language model" }).waitFor();
  });

  it("are the same as those of the server", async () => {
    const graph = {
      ...smallGraph(),
      edges: [
        ...smallGraph().edges,
        { from: "kit.tools", to: "brain.message" },
        { from: "ask.nothing", to: "brief.topic" },
      ],
    };
    const { issues } = await server.call<{ issues: { message: string }[] }>("POST", "/api/check", { graph });
    await open(graph);
    await page.getByRole("tab", { name: /^Issues/ }).click();
    for (const issue of issues) await page.locator("li", { hasText: issue.message }).first().waitFor();
    expect(await page.getByRole("tabpanel").locator("ul > li").count()).toBe(issues.length);
  });
});

describe("the agent file", () => {
  it("is edited both ways, keeps what does not parse, and names the position of an error", async () => {
    const id = await open();
    await page.getByRole("tab", { name: "File" }).click();
    const editor = page.getByRole("tabpanel").locator(".monaco-editor");
    await editor.waitFor();
    const type = async (text: string) => {
      await editor.click();
      await page.keyboard.press("Control+a");
      await paste(text);
    };
    const renamed = JSON.stringify({ ...smallGraph(), name: "From the file" });
    await type(renamed);
    await page.getByRole("listitem").getByText("From the file").waitFor();
    await type(renamed.replace('"version":1', '"version":1,"colour":"red"'));
    await page.getByText('Unknown key "colour".').waitFor();
    await page.getByRole("button", { name: "Reset to the graph" }).click();
    expect((await saved(id)).name).toBe("From the file");
    await card("kit").locator("header").click();
    await page.keyboard.press("Backspace");
    await page.getByRole("tab", { name: "File" }).click();
    await expect.poll(() => editor.textContent()).not.toContain("calculator");
  });
});

describe("order", () => {
  it("is made by auto-layout, keeps the meaning, and is one step", async () => {
    const id = await open({
      ...smallGraph(),
      layout: Object.fromEntries(smallGraph().nodes.map((node) => [node.id, { x: 0, y: 0 }])),
    });
    await page.locator(".react-flow__pane").click({ position: { x: 600, y: 30 } });
    await page.keyboard.press("Shift+L");
    await expect
      .poll(async () => new Set(Object.values((await saved(id)).layout).map((place) => place.x)).size)
      .toBeGreaterThan(2);
    const graph = await saved(id);
    expect(graph.edges).toEqual(smallGraph().edges);
    expect(graph.layout.ask!.x).toBeLessThan(graph.layout.brain!.x);
    await page.keyboard.press("Control+z");
    await expect.poll(async () => (await saved(id)).layout.brain!.x).toBe(0);
  });

  it("everything is found by one search, and by keys", async () => {
    await open();
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Search nodes, actions and settings…").fill("group");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Search nodes, actions and settings…").fill("brain");
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Language model" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
  });
});
