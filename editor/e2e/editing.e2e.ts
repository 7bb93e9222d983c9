import { describe, expect, it } from "vitest";
import { type Graph, serializeGraph } from "../../runtime/graph.ts";
import { editorSuite } from "./editor-suite.ts";
import { largeGraph, smallGraph } from "./graphs.ts";

const { server, page, card, open, saved } = await editorSuite();

/** Drops a file on the canvas as the browser does. */
async function dropFile(name: string, text: string): Promise<void> {
  await page.locator(".react-flow").evaluate(
    (target, file) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([file.text], file.name));
      const box = target.getBoundingClientRect();
      const at = { clientX: box.x + 200, clientY: box.y + 500, bubbles: true, cancelable: true, dataTransfer };
      for (const type of ["dragover", "drop"]) target.dispatchEvent(new DragEvent(type, at));
    },
    { name, text },
  );
}

describe("search and replace", () => {
  it("lists every place, jumps to it, and replaces all in one step that one undo takes back", async () => {
    const id = await open();
    await page.keyboard.press("Control+f");
    await page.keyboard.type("topic");
    await page.getByText("1 match", { exact: true }).waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => card("brief").getAttribute("class")).toContain("selected");
    await page.getByLabel("Find in all text").last().fill("about");
    await page.keyboard.press("Control+Shift+f");
    await page.keyboard.type("on");
    await page.getByRole("button", { name: "Replace all" }).click();
    await page.getByText("Replaced 1 match").first().waitFor();
    await expect
      .poll(async () => (await saved(id)).nodes[1]!.config)
      .toEqual({ template: "You answer on {{topic}} in one paragraph." });
    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    await page.keyboard.press("Control+z");
    await expect.poll(async () => (await saved(id)).nodes).toEqual(smallGraph().nodes);
  });
});

describe("lining up", () => {
  it("by keys, and by guides while dragging", async () => {
    const id = await open();
    for (const node of ["brief", "kit"])
      await card(node)
        .locator("header")
        .click({ modifiers: node === "kit" ? ["Shift"] : [] });
    await card("brain")
      .locator("header")
      .click({ modifiers: ["Shift"] });
    await page.keyboard.press("Alt+w");
    await expect
      .poll(async () => {
        const { layout } = await saved(id);
        return [layout.brief?.y, layout.kit?.y, layout.brain?.y];
      })
      .toEqual([40, 40, 40]);
    await page.keyboard.press("Control+z");
    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    const head = (await card("reply").locator("header").boundingBox())!;
    const target = (await card("brain").locator("header").boundingBox())!;
    const from = { x: head.x + head.width / 2, y: head.y + head.height / 2 };
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x, from.y + 40, { steps: 5 });
    const line = page.locator("[data-guide=y]");
    // Slowly past the target, because the grid lies between.
    for (let past = 12; past > -12 && (await line.count()) === 0; past--)
      await page.mouse.move(from.x, from.y + (target.y - head.y) + past);
    await line.waitFor({ state: "attached" });
    if (process.env.E2E_SHOTS) await page.screenshot({ path: `${process.env.E2E_SHOTS}/guides.png` });
    await page.mouse.up();
    await expect.poll(async () => (await saved(id)).layout.reply?.y).not.toBe(smallGraph().layout.reply!.y);
    expect(await page.locator("[data-guide]").count()).toBe(0);
  });
});

describe("replacing a node", () => {
  it("keeps what fits, says what goes, and is undone", async () => {
    const id = await open();
    await card("brief").locator("header").click();
    await page.keyboard.press("r");
    await page.getByRole("combobox", { name: "Add node…" }).fill("language");
    await page.keyboard.press("Enter");
    await page.getByText("Node replaced").first().waitFor();
    await expect.poll(async () => (await saved(id)).nodes[1]?.type).toBe("llm");
    expect((await saved(id)).edges).toHaveLength(5);
    await page.keyboard.press("Control+z");
    await expect.poll(async () => (await saved(id)).nodes).toEqual(smallGraph().nodes);
  });
});

describe("chosen nodes", () => {
  it("become an agent of their own under a name, run as before, and are unpacked again", async () => {
    const id = await open();
    await card("ask").locator("header").click();
    await page.keyboard.press("e");
    await page.getByText("Input and output nodes belong to this agent").first().waitFor();
    await card("brief").locator("header").click();
    for (const node of ["kit", "brain"])
      await card(node)
        .locator("header")
        .click({ modifiers: ["Shift"] });
    await page.keyboard.press("e");
    const dialog = page.getByRole("dialog", { name: "Convert to agent" });
    await dialog.waitFor();
    if (process.env.E2E_SHOTS) await page.screenshot({ path: `${process.env.E2E_SHOTS}/encapsulate.png` });
    await page.keyboard.type("Explainer");
    await page.keyboard.press("Enter");
    await page.getByText("“Explainer” is now an agent").first().waitFor();
    await expect
      .poll(async () => (await saved(id)).nodes.map((node) => node.type))
      .toEqual(["input", "agent", "output"]);
    const { graph, issues } = await server.call<{ graph: Graph; issues: { severity: string }[] }>(
      "GET",
      `/api/agents/${id}`,
    );
    expect(issues.filter((issue) => issue.severity === "error")).toEqual([]);
    expect(graph.edges).toEqual([
      { from: "ask.message", to: "explainer.message" },
      { from: "explainer.reply", to: "reply.reply" },
    ]);
    if (process.env.E2E_SHOTS) await page.screenshot({ path: `${process.env.E2E_SHOTS}/encapsulated.png` });
    const run = await server.call<{ status: string; output: { reply: string } }>("POST", `/api/agents/${id}/runs`, {
      input: { message: "Hello" },
    });
    expect(run.status).toBe("done");

    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    await page.keyboard.press("Control+z");
    await expect.poll(async () => (await saved(id)).nodes).toEqual(smallGraph().nodes);
    await page.keyboard.press("Control+Shift+z");
    await card("explainer").locator("header").click({ button: "right" });
    await page.getByRole("menuitem", { name: "Unpack agent" }).click();
    await page.getByText("“Explainer” unpacked").first().waitFor();
    await expect.poll(async () => (await saved(id)).nodes).toEqual(smallGraph().nodes);
    const back = await saved(id);
    expect(back.layout).toEqual(smallGraph().layout);
    expect(new Set(back.edges.map((edge) => edge.to))).toEqual(new Set(smallGraph().edges.map((edge) => edge.to)));
    const { agents } = await server.call<{ agents: { graph: Graph }[] }>("GET", "/api/agents");
    expect(agents.map((agent) => agent.graph.name)).toContain("Explainer");
  });
});

describe("a pasted text of another tool", () => {
  it("is named in one sentence", async () => {
    await open();
    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    for (const [text, words] of [
      ['{"nodes":[{"type":"n8n-nodes-base.webhook"}],"connections":{}}', "This flow is from n8n"],
      [serializeGraph(smallGraph()).slice(0, 200), "The text is incomplete"],
      ["huge", "The clipboard does not contain a graph"],
    ] as const) {
      await page.evaluate((value) => navigator.clipboard.writeText(value), text);
      await page.keyboard.press("Control+v");
      await page.getByText(words).first().waitFor();
    }
    expect(await page.locator(".react-flow__node").count()).toBe(5);
  });
});

describe("a dropped file", () => {
  it("that is an agent is pasted here, or opened as a new one", async () => {
    const id = await open();
    const text = serializeGraph(smallGraph({ name: "Guest" }));
    await dropFile("guest.agent.json", text);
    await page.getByRole("button", { name: "Paste into this graph" }).click();
    await expect.poll(async () => (await saved(id)).nodes.length).toBe(10);
    await dropFile("guest.agent.json", text);
    await page.getByRole("button", { name: "Open as new agent" }).click();
    await page.waitForURL((url) => url.pathname !== `/agents/${id}`);
    await page.getByRole("heading", { name: "Guest" }).waitFor({ state: "attached" });
  });

  it.each([
    ["n8n.json", '{"nodes":[],"connections":{}}', "This flow is from n8n"],
    ["flow.json", '{"nodes":[{"data":{"inputAnchors":[]}}],"edges":[]}', "This flow is from Flowise"],
    ["langflow.json", '{"data":{"nodes":[],"edges":[]}}', "This flow is from Langflow"],
    ["half.json", serializeGraph(smallGraph()).slice(0, 200), "The file is incomplete"],
    ["photo.png", "\u0000\u0001", "This is not an agent file"],
    ["big.json", " ".repeat(20_000_001), "The file is too large for an agent"],
  ])("that is not (%s) gets one sentence and changes nothing", async (name, text, words) => {
    await open();
    await dropFile(name, text);
    await page.getByText(words).first().waitFor();
    expect(await page.locator(".react-flow__node").count()).toBe(5);
  });
});

describe("a graph of 5,000 nodes", () => {
  it("opens, is searched and keeps a node type that is not known", async () => {
    const graph = largeGraph(5000);
    graph.nodes[1] = { ...graph.nodes[1]!, type: "from-the-future", version: 9 };
    const id = await open(graph);
    expect(await page.locator(".react-flow__node").count()).toBeLessThan(200);
    await page.keyboard.press("Control+f");
    await page.keyboard.type("Step 4999");
    await page.getByText("No matches.").waitFor();
    await page.getByLabel("Find in all text").last().fill("Step 4321");
    await page.getByText("1 match", { exact: true }).waitFor();
    await page.keyboard.press("Enter");
    await card("p-4321").waitFor();
    const kept = await server.call<{ graph: Graph }>("GET", `/api/agents/${id}`);
    expect(kept.graph.nodes[1]).toEqual(graph.nodes[1]);
  });
});
