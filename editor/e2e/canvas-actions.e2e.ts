import { describe, expect, it } from "vitest";
import { editorSuite } from "./editor-suite.ts";
import { graphOf, shopGraph, smallGraph } from "./graphs.ts";

const { server, page, card, open, saved } = await editorSuite();

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

describe("several nodes", () => {
  it("are aligned and grouped by buttons in the panel", async () => {
    const id = await open();
    await page.getByRole("button", { name: "Zoom to fit" }).click();
    await card("brief").locator("header").click();
    await card("kit")
      .locator("header")
      .click({ modifiers: ["Shift"] });
    const panel = page.getByRole("complementary", { name: "Right panel" });
    await panel.getByRole("button", { name: "Align right" }).click();
    await panel.getByRole("button", { name: "Group", exact: false }).first().click();
    const graph = await saved(id);
    expect(graph.groups.map((group) => group.nodes)).toEqual([["brief", "kit"]]);
    expect(graph.layout.brief!.x).toBe(graph.layout.kit!.x);
  });
});

describe("the form", () => {
  it("comes back from the chat and from the search by a click on the selected node", async () => {
    await open();
    await card("brain").locator("header").click();
    await page.getByRole("tab", { name: "Language model" }).waitFor();
    await page.getByRole("tab", { name: "Chat" }).click();
    await card("brain").locator("header").click();
    await page.locator("#inspector").waitFor();
    await page.keyboard.press("Control+f");
    await page.locator("#find-text").waitFor();
    await card("brain").locator("header").click();
    await page.locator("#inspector").waitFor();
  });

  it("renames a node by F2, and the agent in the top bar", async () => {
    const id = await open();
    await card("kit").locator("header").click();
    await page.keyboard.press("F2");
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("node-title");
    await page.keyboard.type("Pocket tools");
    await card("kit").getByText("Pocket tools").waitFor();
    await page.getByRole("button", { name: "Small helper" }).click();
    await page.getByRole("banner").getByRole("textbox", { name: "Name" }).fill("Large helper");
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await saved(id)).name).toBe("Large helper");
    await page.getByRole("button", { name: "Large helper" }).click();
    await page.getByRole("banner").getByRole("textbox", { name: "Name" }).fill("");
    await page.keyboard.press("Escape");
    expect((await saved(id)).name).toBe("Large helper");
  });
});

describe("a bypassed node", () => {
  it("looks so, runs so, and is restored from its form or by undo", async () => {
    const line = graphOf(
      "Line",
      [
        ["ask", "input", {}],
        ["loud", "prompt", { template: "LOUD {{x}}" }],
        ["reply", "output", {}],
      ],
      ["ask.message > loud.x", "loud.text > reply.reply"],
      { ask: [0, 0], loud: [300, 0], reply: [600, 0] },
    );
    const id = await open(line);
    await card("loud").locator("header").click();
    await page.keyboard.press("b");
    await card("loud").getByLabel("Bypassed").waitFor();
    await expect.poll(async () => (await saved(id)).nodes[1]).toMatchObject({ id: "loud", bypass: true });
    await page.keyboard.press("Control+Enter");
    await page.locator("#try-message").fill("hello");
    await page.keyboard.press("Enter");
    await card("reply").getByText("hello").waitFor();
    await card("loud").locator("header").click();
    await page.locator("#inspector").getByRole("button", { name: "Restore" }).click();
    await expect.poll(async () => (await saved(id)).nodes[1]).not.toHaveProperty("bypass");
    await card("loud").locator("header").click({ button: "right" });
    await page.getByRole("menuitem", { name: "Bypass or restore" }).click();
    await card("loud").getByLabel("Bypassed").waitFor();
    await page.keyboard.press("Control+z");
    await card("loud").getByLabel("Bypassed").waitFor({ state: "detached" });
    // The ends of a graph have no bypass.
    await card("ask").locator("header").click({ button: "right" });
    await page.getByRole("menuitem", { name: "Rename node" }).waitFor();
    expect(await page.getByRole("menuitem", { name: "Bypass or restore" }).count()).toBe(0);
    await page.keyboard.press("Escape");
  });
});

describe("a body", () => {
  it("has an address: Back leaves it, Forward and a reload enter it", async () => {
    const id = await open(shopGraph());
    const crumb = page.getByRole("button", { name: "Back to “Shop helper”" });
    await card("each").getByRole("button", { name: "Open body" }).first().click();
    await card("brain").waitFor();
    expect(new URL(page.url()).searchParams.get("in")).toBe("each");
    await page.goBack();
    await crumb.waitFor({ state: "detached" });
    await card("each").waitFor();
    expect(page.url()).toBe(`${server.origin}/agents/${id}`);
    await page.goForward();
    await crumb.waitFor();
    await page.reload();
    await crumb.waitFor();
    await card("brain").waitFor();
    await crumb.click();
    await crumb.waitFor({ state: "detached" });
    expect(new URL(page.url()).searchParams.has("in")).toBe(false);
    // A node that does not exist leaves the agent's own graph, and a clean address.
    await page.goto(`${server.origin}/agents/${id}?in=nobody`);
    await card("each").waitFor();
    await expect.poll(() => page.url()).toBe(`${server.origin}/agents/${id}`);
  });
});

describe("auto-layout", () => {
  it("shows all nodes, whatever the size of the graph", async () => {
    const names = Array.from({ length: 14 }, (_, index) => `p${index}`);
    const id = await open(
      graphOf(
        "Chain",
        [
          ["ask", "input", {}],
          ...names.map((name): [string, string, object] => [name, "prompt", { template: "{{x}}" }]),
          ["reply", "output", {}],
        ],
        [
          "ask.message > p0.x",
          ...names.slice(1).map((name, index) => `p${index}.text > ${name}.x`),
          "p13.text > reply.reply",
        ],
        {},
      ),
    );
    await page.getByRole("button", { name: "Arrange nodes" }).click();
    await saved(id);
    const pane = (await page.locator(".react-flow").boundingBox())!;
    const inside = (box: Box | null) =>
      box !== null &&
      box.x >= pane.x &&
      box.x + box.width <= pane.x + pane.width &&
      box.y >= pane.y &&
      box.y + box.height <= pane.y + pane.height;
    await expect
      .poll(async () => [inside(await card("ask").boundingBox()), inside(await card("reply").boundingBox())])
      .toEqual([true, true]);
  });
});

describe("the command palette", () => {
  it("opens on every page, and goes to pages and agents", async () => {
    await open(smallGraph({ name: "Reachable" }));
    await page.goto(`${server.origin}/models`);
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await page.keyboard.press("Control+k");
    const search = page.getByPlaceholder("Search pages and agents…");
    await search.fill("usage");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/usage");
    await page.keyboard.press("Control+k");
    await search.fill("Reachable");
    await page.keyboard.press("Enter");
    await card("brain").waitFor();
    // There, it is the palette of the editor.
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Search nodes, actions and settings…").waitFor();
    await page.keyboard.press("Escape");
  });
});

describe("the tabs of the right panel", () => {
  it("list those that do not fit", async () => {
    await open();
    const all = page.getByRole("button", { name: "All tabs" });
    const row = page.getByRole("tablist", { name: "Right panel" });
    const cut = () => row.evaluate((list) => list.scrollWidth > list.clientWidth + 1);
    await page.getByRole("tab", { name: "Chat" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Search nodes, actions and settings…").fill("publish");
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Publish" }).waitFor();
    expect(await cut()).toBe((await all.count()) === 1);
    if ((await all.count()) === 0) return;
    await all.click();
    await page.getByRole("menuitem", { name: "Tests" }).click();
    await page.getByRole("tab", { name: "Tests", selected: true }).waitFor();
  });
});
