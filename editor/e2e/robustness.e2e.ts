import { afterEach, describe, expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import { editorSuite } from "./editor-suite.ts";
import { largeGraph, smallGraph } from "./graphs.ts";
import { axeViolations, makeAgent, openSession } from "./harness.ts";

const { server, session, page } = await editorSuite({ checkErrors: false });
/** Requests to other origins than the test server. */
const foreignRequests: string[] = [];

session.context.on("request", (request) => {
  const { protocol, origin } = new URL(request.url());
  if (protocol.startsWith("http") && origin !== server.origin) foreignRequests.push(request.url());
});

async function open(id: string, on = page): Promise<void> {
  await on.goto(`${server.origin}/agents/${id}`);
  await on.locator(".react-flow__node").first().waitFor();
}

const stored = async (id: string) =>
  (await server.call<{ graph: Graph; revision: number }>("GET", `/api/agents/${id}`)).graph;

async function describeAs(text: string, on = page): Promise<void> {
  await on.locator(".react-flow__pane").click({ position: { x: 12, y: 12 } });
  await on.getByRole("tab").first().click();
  await on.getByLabel("Description").fill(text);
}

describe("nothing is lost", () => {
  afterEach(() => {
    session.errors.length = 0;
  });

  it("when two tabs edit the same agent: both are asked, nothing is overwritten", async () => {
    const id = await makeAgent(server, smallGraph());
    const other = await session.context.newPage();
    await open(id);
    await open(id, other);
    await describeAs("from the first");
    await expect.poll(async () => (await stored(id)).description).toBe("from the first");
    await describeAs("from the second", other);
    await other.getByText("This agent was also changed elsewhere").waitFor();
    expect((await stored(id)).description).toBe("from the first");
    await other.getByRole("button", { name: "View differences" }).click();
    await other.locator("ins").getByText("second").waitFor();
    await other.getByRole("button", { name: "Keep mine" }).click();
    await expect.poll(async () => (await stored(id)).description).toBe("from the second");
    await describeAs("first again");
    await page.getByRole("button", { name: "Use theirs" }).click();
    await expect.poll(() => page.getByLabel("Description").inputValue()).toBe("from the second");
    await page.keyboard.press("Escape");
    await other.close();
  });

  it("when the server is gone while editing, and comes back", async () => {
    const id = await makeAgent(server, smallGraph());
    await open(id);
    await server.kill();
    await describeAs("typed while it was gone");
    await page.getByText("Saved in this browser").waitFor();
    await server.restart();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect.poll(async () => (await stored(id)).description).toBe("typed while it was gone");
    await page.getByText("Saved", { exact: true }).waitFor();
  });

  it("when the page is closed before it was saved", async () => {
    const id = await makeAgent(server, smallGraph());
    await open(id);
    await server.kill();
    await describeAs("closed too early");
    await page.getByText("Saved in this browser").waitFor();
    await page.goto("about:blank");
    await server.restart();
    await open(id);
    await expect.poll(async () => (await stored(id)).description).toBe("closed too early");
  });

  it("when there is no such agent: one sentence, and a way out", async () => {
    await page.goto(`${server.origin}/agents/nobody`);
    await page.getByText("Could not open the agent").waitFor();
    await page.getByRole("button", { name: "Try again" }).waitFor();
  });
});

describe("everyone", () => {
  it.each([
    ["light", "en"],
    ["dark", "en"],
    ["light", "zh"],
  ] as const)("reads it: axe finds nothing (%s, %s)", async (theme, language) => {
    const id = await makeAgent(
      server,
      smallGraph({ settings: { ...smallGraph().settings, suggestions: ["What is 12*7?"] } }),
    );
    const session = await openSession(server, { theme, language });
    try {
      await open(id, session.page);
      const check = async (where: string) => expect(await axeViolations(session.page), where).toEqual([]);
      await check("the agent");
      await session.page.locator('.react-flow__node[data-id="brain"] header').click();
      await check("a node");
      await session.page.locator('.react-flow__node[data-id="kit"] header').click();
      await check("tools");
      await session.page.keyboard.press("Control+Enter");
      await session.page.getByRole("button", { name: "What is 12*7?" }).click();
      await session.page
        .getByRole("button", { name: /calculator/ })
        .first()
        .waitFor();
      await check("the conversation");
      for (const [place, name] of ["the form", "trying", "building", "issues", "the file", "tests"].entries()) {
        await session.page.getByRole("tab").nth(place).click();
        if (name === "the file") await session.page.locator(".monaco-editor").first().waitFor();
        await check(name);
      }
      await session.page.getByRole("button", { name: /^(Publish|发布)$/ }).click();
      await check("publishing");
      await session.page.getByRole("button", { name: /^(History|历史)$/ }).click();
      await check("history");
      await session.page.keyboard.press("Control+k");
      await session.page.getByRole("combobox").first().waitFor();
      await check("the search");
      await session.page.keyboard.press("Escape");
      await session.page.keyboard.press("Control+f");
      await session.page.getByRole("tab", { name: /^(Find|查找)$/ }).waitFor();
      await check("finding");
      await session.page.locator(".react-flow__pane").click({ position: { x: 12, y: 12 } });
      await session.page.keyboard.press("?");
      await session.page.getByRole("dialog").waitFor();
      await check("the map of keys");
      await session.page.keyboard.press("Escape");
      await session.page.keyboard.press("Control+a");
      await session.page.keyboard.press("Backspace");
      await session.page.getByRole("heading", { name: /^(The canvas is empty|画布是空的)$/ }).waitFor();
      await check("the empty canvas");
      expect(session.errors).toEqual([]);
    } finally {
      await session.close();
    }
  });

  it("can build an answering agent with the keyboard alone", async () => {
    const id = await makeAgent(server, { ...smallGraph(), name: "By keys", nodes: [], edges: [], layout: {} });
    await page.goto(`${server.origin}/agents/${id}`);
    await page.locator(".react-flow").waitFor();
    for (const name of ["input", "language", "output"]) {
      await page.keyboard.press("/");
      await page.keyboard.press("Control+a");
      await page.keyboard.type(name);
      await page.keyboard.press("Enter");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    }
    await page.keyboard.press("Control+i");
    const fix = async (name: RegExp) => {
      const button = page.getByRole("button", { name });
      await button.focus();
      await page.keyboard.press("Enter");
    };
    await fix(/^Connect ask\.message/);
    await fix(/^Connect brain\.text/);
    await page.keyboard.press("Control+Enter");
    await page.keyboard.type("Are you there?");
    await page.keyboard.press("Enter");
    await page.getByText("This reply comes from the demo model").first().waitFor();
    expect((await stored(id)).edges).toHaveLength(2);
  });
});

describe("five hundred nodes", () => {
  it("are drawn where they are in view, and a drag draws one card", async () => {
    const id = await makeAgent(server, largeGraph(500));
    await open(id);
    expect(await page.locator(".react-flow__node").count()).toBeLessThan(60);
    const head = page.locator('.react-flow__node[data-id="p-0"] header');
    await head.click();
    const box = (await head.boundingBox())!;
    await page.evaluate(() => {
      const seen = new Set<string>();
      (window as unknown as { drawn: Set<string> }).drawn = seen;
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const node = (target instanceof Element ? target : target.parentElement)?.closest<HTMLElement>(
            ".react-flow__node",
          );
          if (node) seen.add(node.dataset.id!);
        }
      }).observe(document.querySelector(".react-flow__nodes")!, {
        subtree: true,
        attributes: true,
        childList: true,
        characterData: true,
      });
    });
    await page.mouse.move(box.x + 40, box.y + 10);
    await page.mouse.down();
    for (let n = 1; n <= 20; n++) await page.mouse.move(box.x + 40 + n * 2, box.y + 10 + n);
    const drawn = await page.evaluate(() => [...(window as unknown as { drawn: Set<string> }).drawn]);
    await page.mouse.up();
    expect(drawn).toEqual(["p-0"]);
  });
});

describe("fingers", () => {
  it("move the view with one, and come nearer with two", async () => {
    const id = await makeAgent(server, smallGraph());
    const context = await session.browser.newContext({
      viewport: { width: 1400, height: 860 },
      hasTouch: true,
      storageState: await session.context.storageState(),
    });
    const tablet = await context.newPage();
    try {
      await open(id, tablet);
      const cdp = await context.newCDPSession(tablet);
      const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...touchPoints: { x: number; y: number }[]) =>
        cdp.send("Input.dispatchTouchEvent", { type, touchPoints });
      const view = () =>
        tablet.evaluate(
          () => new DOMMatrix(document.querySelector<HTMLElement>(".react-flow__viewport")!.style.transform),
        );
      const pane = (await tablet.locator(".react-flow__pane").boundingBox())!;
      const at = { x: pane.x + 60, y: pane.y + pane.height - 120 };

      const before = await view();
      await touch("touchStart", at);
      for (let n = 1; n <= 8; n++) await touch("touchMove", { x: at.x + n * 10, y: at.y });
      await touch("touchEnd");
      await expect.poll(async () => (await view()).e - before.e).toBeGreaterThan(40);

      const moved = await view();
      await touch("touchStart", at, { x: at.x + 60, y: at.y });
      for (let n = 1; n <= 8; n++)
        await touch("touchMove", { x: at.x - n * 3, y: at.y }, { x: at.x + 60 + n * 8, y: at.y });
      await touch("touchEnd");
      await expect.poll(async () => (await view()).a / moved.a).toBeGreaterThan(1.2);
    } finally {
      await context.close();
    }
  });
});

it("nothing was asked of any other place", () => {
  expect(foreignRequests).toEqual([]);
});
