import { describe, expect, it } from "vitest";
import { editorSuite } from "./editor-suite.ts";
import { graphOf } from "./graphs.ts";

const { page, card, open, saved } = await editorSuite();

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
const boxOf = async (id: string): Promise<Box> => (await card(id).boundingBox())!;
const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const focused = () =>
  page.evaluate(() => document.activeElement?.closest<HTMLElement>(".react-flow__node")?.dataset.id);

const starter = () =>
  graphOf(
    "Starter",
    [
      ["ask", "input", {}],
      ["brain", "llm", {}],
      ["reply", "output", {}],
    ],
    ["ask.message > brain.message", "brain.text > reply.reply"],
    { ask: [0, 0], brain: [320, 0], reply: [660, 0] },
  );

describe("a new node", () => {
  it("covers no other card, is in view, and has the focus", async () => {
    const id = await open(starter());
    const added = ["brief", "http", "router", "approval", "code"];
    await page.keyboard.press("/");
    await page.keyboard.type("prompt");
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("brief");
    for (const [index, title] of ["HTTP", "Router", "Approval", "Code"].entries()) {
      await page
        .getByRole("complementary", { name: "Left panel" })
        .getByRole("button", { name: new RegExp(`^${title}`) })
        .click();
      await expect.poll(focused).toBe(added[index + 1]);
    }
    const pane = (await page.locator(".react-flow").boundingBox())!;
    const last = await boxOf("code");
    expect(last.x).toBeGreaterThanOrEqual(pane.x);
    expect(last.x + last.width).toBeLessThanOrEqual(pane.x + pane.width + 1);
    expect(last.y + last.height).toBeLessThanOrEqual(pane.y + pane.height + 1);
    await saved(id);
    await page.getByRole("button", { name: "Zoom to fit" }).click();
    const boxes = await Promise.all(["ask", "brain", "reply", ...added].map(boxOf));
    for (const [index, box] of boxes.entries())
      expect(boxes.slice(index + 1).filter((other) => overlap(box, other))).toEqual([]);
  });

  it("clears the search of the list", async () => {
    await open(starter());
    await page.keyboard.press("/");
    await page.keyboard.type("agent");
    await page.keyboard.press("Enter");
    await card("agent").waitFor();
    await page.keyboard.press("/");
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("palette-search");
    expect(await page.locator("#palette-search").inputValue()).toBe("");
    await page.keyboard.press("Escape");
  });

  it("comes from a list of names or of icons", async () => {
    await open(starter());
    const list = page.getByRole("complementary", { name: "Left panel" });
    // This window is too narrow for the names.
    await list.getByRole("button", { name: "Show names" }).click();
    await list.getByText("Builds text from a template").waitFor();
    await page.reload();
    await list.getByText("Builds text from a template").waitFor();
    await list.getByRole("button", { name: "Show icons only" }).click();
    await list.getByText("Builds text from a template").waitFor({ state: "detached" });
    await list.getByRole("button", { name: "Prompt", exact: true }).click();
    await expect.poll(focused).toBe("brief");
  });

  it("says quietly what it needs, and shows issues once it is changed", async () => {
    const id = await open(starter());
    await page.keyboard.press("/");
    await page.keyboard.type("prompt");
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("brief");
    await saved(id);
    await page.keyboard.press("Enter");
    const form = page.locator("#inspector");
    await form.getByText("What it still needs").waitFor();
    expect(await form.getByRole("button", { name: "Delete node" }).count()).toBe(0);
    await form.getByRole("button", { name: /^Connect to/ }).waitFor();
    expect(await form.locator(".bg-bad-soft, .bg-warn-soft").count()).toBe(0);
    expect(await card("brief").locator(".bg-bad, .bg-warn").count()).toBe(0);
    await page.getByLabel("Node title").fill("Rules");
    await form.locator(".bg-warn-soft").first().waitFor();
    expect(await form.getByText("What it still needs").count()).toBe(0);
  });
});

describe("a note", () => {
  it("opens for writing, and no letter starts an action", async () => {
    const id = await open(starter());
    await page.keyboard.press("/");
    await page.keyboard.type("note");
    await page.keyboard.press("Enter");
    await card("note").locator("textarea").waitFor();
    await page.keyboard.type("Opening hours");
    await page.keyboard.press("Escape");
    await expect.poll(async () => (await saved(id)).nodes.at(-1)!.config).toEqual({ text: "Opening hours" });
    // Selected, not in writing: letters go on with the text.
    await card("note").click();
    await page.keyboard.type("or");
    await expect.poll(async () => (await saved(id)).nodes.at(-1)!.config).toEqual({ text: "Opening hoursor" });
    expect((await saved(id)).nodes).toHaveLength(4);
    expect(
      await page
        .getByRole("region", { name: /^Notifications/ })
        .getByRole("listitem")
        .count(),
    ).toBe(0);
  });
});
