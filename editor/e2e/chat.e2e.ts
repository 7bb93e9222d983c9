/** The hosted chat page: conversations, returning visitors, approvals, and hostile text from a model. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import { graphOf } from "../../runtime/testing/play.ts";
import { axeViolations, type BrowserSession, openSession, startServer, type TestServer } from "./harness.ts";

let server: TestServer;
let session: BrowserSession;
let context: BrowserContext;
let page: Page;
/** Another origin. A request to it is a leak, except for the shop page that embeds the chat. */
let otherServer: Server;
let there: string;
const hits: string[] = [];

/** A page with the strictest policy that still allows the chat, as in `docs/hosting.md`. */
function shop(url: string, response: ServerResponse): void {
  const agent = url.split("/")[2];
  response.setHeader("content-type", "text/html");
  response.setHeader(
    "content-security-policy",
    `default-src 'none'; script-src ${server.origin}; frame-src ${server.origin}`,
  );
  response.end(`<!doctype html><title>Shop</title><h1>Shop</h1><a href="#">First</a>
    <script src="${server.origin}/embed.js" data-agent="${agent}" data-label="Ask us" async></script>`);
}

const says = (template: string): Graph =>
  graphOf(
    { ask: "input", p: ["prompt", { template }], reply: "output" },
    template.includes("{{m}}") ? ["ask.message p.m", "p.text reply.reply"] : ["p.text reply.reply"],
    { greeting: "Hello there", suggestions: ["What time is it?"] },
  );

let published = 0;

/** Publishes an agent and returns the address of its chat page. */
async function publish(graph: Graph, name: string, more: object = { access: "public" }): Promise<string> {
  const { id } = await server.call<{ id: string }>("POST", "/api/agents", { graph });
  const { urls } = await server.call<{ urls: { chat: string } }>("POST", `/api/agents/${id}/publish`, {
    slug: `${name}-${++published}`,
    ...more,
  });
  return urls.chat;
}

/** The shop page that embeds the chat of that address. */
const shopWith = (chat: string) => there + chat.replace(`${server.origin}/chat/`, "/shop/");

beforeAll(async () => {
  otherServer = createServer((request, response) => {
    if (request.url?.startsWith("/shop")) return void shop(request.url, response);
    hits.push(request.url ?? "");
    response.end("");
  });
  await new Promise<void>((resolve) => otherServer.listen(0, "127.0.0.1", resolve));
  there = `http://127.0.0.1:${(otherServer.address() as AddressInfo).port}`;
  server = await startServer();
  session = await openSession(server);
}, 180_000);
afterAll(async () => {
  await session?.close();
  await server?.stop();
  otherServer?.close();
});
beforeEach(async () => {
  // A visitor: another browser profile, without the admin's cookie.
  await context?.close();
  context = await session.browser.newContext({ viewport: { width: 900, height: 800 } });
  page = await context.newPage();
});

const write = (text: string) => page.getByRole("textbox", { name: "Write a message…" }).fill(text);
const say = async (text: string) => {
  await write(text);
  await page.keyboard.press("Enter");
};

describe("a visitor", () => {
  it("talks, comes back to the conversation, names it, deletes it, and keeps no cookie", async () => {
    await page.goto(await publish(says("You said {{m}}."), "echo"));
    await page.getByRole("button", { name: "What time is it?" }).click();
    await page.getByRole("log").getByText("You said What time is it?.").waitFor();
    await say("again");
    await page.getByRole("log").getByText("You said again.").waitFor();
    await page.reload();
    await page.getByRole("log").getByText("You said again.").waitFor();
    expect(await context.cookies()).toEqual([]);
    const list = page.getByRole("navigation", { name: "Conversations" });
    await list.getByRole("button", { name: "Rename “What time is it?”" }).press("Enter");
    await page.keyboard.type(" (asked)");
    await page.keyboard.press("Enter");
    await list.getByRole("button", { name: "What time is it? (asked)", exact: true }).waitFor();
    await list.getByRole("button", { name: "New conversation" }).click();
    await page.getByText("Hello there").waitFor();
    await say("second");
    await page.getByRole("log").getByText("You said second.").waitFor();
    await list.getByRole("button", { name: "What time is it? (asked)", exact: true }).click();
    await page.getByRole("log").getByText("You said again.").waitFor();
    await list.getByRole("button", { name: "Delete “What time is it? (asked)”" }).press("Enter");
    await list.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("Hello there").waitFor();
    expect(await list.getByRole("listitem").count()).toBe(1);
    const { sessions } = await server.call<{ sessions: { title: string }[] }>("GET", "/api/sessions");
    expect(sessions.map((one) => one.title)).toEqual(["second"]);
  });

  it("rates an answer, with words, and the owner finds it among the runs", async () => {
    await page.goto(await publish(says("You said {{m}}."), "rated"));
    await say("something");
    await page.getByRole("log").getByText("You said something.").waitFor();
    await page.getByRole("button", { name: "Bad reply" }).click();
    await page.getByRole("textbox", { name: "Comment" }).fill("It only repeats me");
    await page.getByRole("button", { name: "Send" }).first().click();
    await page.getByRole("textbox", { name: "Comment" }).waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("log").getByText("You said something.").waitFor();
    expect(await page.getByRole("button", { name: "Bad reply" }).getAttribute("aria-pressed")).toBe("true");
    await session.page.goto(`${server.origin}/runs`);
    await session.page.getByRole("combobox", { name: "Rating" }).click();
    await session.page.getByRole("option", { name: "With comment" }).click();
    await session.page.getByRole("row", { name: /something/ }).click();
    await session.page.getByText("It only repeats me").waitFor();
  });

  it("sees the steps that the owner shows, on a phone, in the dark, in Chinese, and axe finds nothing", async () => {
    const kit = graphOf(
      { ask: "input", kit: ["tool", { tools: ["builtin/calculator"] }], brain: "llm", reply: "output" },
      ["ask.message brain.message", "kit.tools brain.tools", "brain.text reply.reply"],
    );
    const url = await publish(kit, "kit", { access: "public", steps: true });
    await context.close();
    context = await session.browser.newContext({
      viewport: { width: 390, height: 780 },
      locale: "zh-CN",
      colorScheme: "dark",
      hasTouch: true,
    });
    page = await context.newPage();
    await page.goto(url);
    await page.getByRole("textbox", { name: "说点什么…" }).fill("12 * 7");
    await page.getByRole("button", { name: "发送" }).click();
    await page.getByRole("log").getByText("使用了 calculator").waitFor();
    await page.getByRole("log").getByText("84").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole("button", { name: "对话", exact: true }).click();
    await page.getByRole("navigation", { name: "对话" }).getByRole("button", { name: "12 * 7", exact: true }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("navigation", { name: "对话" }).waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("log").getByText("使用了 calculator").waitFor();
  });

  it("finds an answer that was under way after a reload, and can stop one", async () => {
    const slow = graphOf(
      {
        ask: "input",
        c: [
          "code",
          {
            inputs: [{ name: "m", kind: "text", required: true }],
            outputs: [{ name: "out", kind: "text", required: true }],
            source:
              "const from = Date.now(); while (Date.now() - from < 2000); return { out: 'after all: ' + input.m };",
          },
        ],
        reply: "output",
      },
      ["ask.message c.m", "c.out reply.reply"],
    );
    await page.goto(await publish(slow, "slow"));
    await say("one");
    await page.getByRole("log").getByText("Working…").waitFor();
    await page.reload();
    await page.getByRole("log").getByText("after all: one").waitFor();
    await say("two");
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped.").waitFor();
    await page.reload();
    await page.getByText("Stopped.").waitFor();
  });

  it("edits a message, asks for another reply, and finds the result after a reload", async () => {
    await page.goto(await publish(says("You said {{m}}."), "edit"));
    await say("one");
    const log = page.getByRole("log");
    await log.getByText("You said one.").waitFor();
    await say("two");
    await log.getByText("You said two.").waitFor();
    await log.getByText("one", { exact: true }).hover();
    await log.getByRole("button", { name: "Edit message" }).first().click();
    await log.getByRole("textbox", { name: "Edit message" }).fill("uno");
    await page.keyboard.press("Enter");
    await log.getByText("You said uno.").waitFor();
    expect(await log.getByText(/two/).count()).toBe(0);
    await log.getByRole("button", { name: "Another reply" }).click();
    await log.getByText("Working…").waitFor({ state: "detached" });
    await log.getByText("You said uno.").waitFor();
    await page.reload();
    await log.getByText("You said uno.").waitFor();
    expect(await log.getByText(/You said/).count()).toBe(1);
  });

  it("has the title, colour and logo that the owner chose", async () => {
    const logo =
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
    const look = { title: "Ask Ada", color: "#0a7f4f", logo };
    await page.goto(await publish(says("x"), "look", { access: "public", look }));
    await page.getByRole("heading", { name: "Ask Ada" }).waitFor();
    expect(await page.title()).toBe("Ask Ada");
    expect(await page.locator("header img").evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1);
    const send = page.getByRole("button", { name: "Send" });
    expect(await send.evaluate((button) => getComputedStyle(button).backgroundColor)).toBe("rgb(10, 127, 79)");
    expect(await axeViolations(page)).toEqual([]);
  });

  it("fills in what the agent asks for", async () => {
    const graph = graphOf(
      {
        ask: ["input", { fields: [{ name: "city", kind: "text", required: true }] }],
        p: ["prompt", { template: "{{m}} in {{c}}" }],
        reply: "output",
      },
      ["ask.message p.m", "ask.city p.c", "p.text reply.reply"],
    );
    await page.goto(await publish(graph, "fields"));
    await say("Rain");
    await page.getByText("Fill in this field").waitFor();
    await page.getByRole("textbox", { name: "city" }).fill("Lisbon");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("log").getByText("Rain in Lisbon").waitFor();
  });

  it("is told that a private page was not found", async () => {
    const closed = await publish(says("x"), "closed", { access: "private" });
    for (const address of [closed, closed.replace(/[^/]*$/, "no-such-agent")]) {
      const response = await page.goto(address);
      expect(response!.status()).toBe(404);
      await page.getByRole("heading", { name: "This page is not available" }).waitFor();
    }
  });

  it("decides what waits for a person, where the page was shared by link", async () => {
    const graph = graphOf({ ask: "input", ok: ["approval", { question: "Send it?" }], reply: "output" }, [
      "ask.message ok.value",
      "ok.approved reply.reply",
    ]);
    await page.goto(await publish(graph, "gate", { access: "link" }));
    await say("the letter");
    const asked = page.getByRole("region", { name: "Send it?" });
    await asked.getByText("the letter").waitFor();
    // It waits across a server crash while the page is open.
    await server.kill();
    await server.restart();
    await page.reload();
    await asked.getByText("the letter").waitFor();
    await asked.getByRole("button", { name: "Edit before approval" }).click();
    await asked.getByRole("textbox", { name: "Exact value" }).fill("the better letter");
    await asked.getByRole("button", { name: "Approve with changes" }).click();
    await asked.waitFor({ state: "detached" });
    await page.getByRole("log").getByText("the better letter").waitFor();
  });

  it("says from the start that the owner decides, where the page is public", async () => {
    const graph = graphOf({ ask: "input", ok: ["approval", { question: "Send it?" }], reply: "output" }, [
      "ask.message ok.value",
      "ok.approved reply.reply",
    ]);
    await page.goto(await publish(graph, "public-gate"));
    await say("the letter");
    const asked = page.getByRole("region", { name: "Send it?" });
    await asked.getByText("The owner of this agent must decide").waitFor();
    expect(await asked.getByRole("button").count()).toBe(0);
    expect(await asked.getByText("the letter").count()).toBe(0);
  });
});

describe("text from a model that means harm", () => {
  it("loads nothing from elsewhere, runs nothing, and says where its links lead", async () => {
    const hostile = [
      `![pixel](${there}/pixel.png) ![ref][ref] <img src="${there}/img" onerror="fetch('${there}/onerror')">`,
      `<script src="${there}/script.js"></script><script>window.pwned = 1</script>`,
      `<iframe src="${there}/frame"></iframe><link rel="stylesheet" href="${there}/css"><meta http-equiv="refresh" content="0;url=${there}/meta">`,
      `<svg onload="fetch('${there}/svg')"></svg><style>@import url(${there}/style)</style><form action="${there}/form"><button>Send</button></form>`,
      `<video src="${there}/video" autoplay></video><object data="${there}/object"></object><base href="${there}/">`,
      `![data](data:image/svg+xml,<svg/onload=fetch('${there}/datasvg')>) ![file](/api/files/x) ![art](artifact://nothing)`,
      `[bank](${there}/phish) [js](javascript:window.pwned=1) [JS](JaVaScRiPt:window.pwned=1) [tab](java\tscript:window.pwned=1)`,
      "[vb](vbscript:x) [data](data:text/html,<script>1</script>) [file](file:///etc/passwd) [mail](mailto:a@b.example)",
      "[your bank](https://xn--pypal-4ve.example/login) [https://good.example](https://evil.example/x) [auth](https://good.example@evil.example/)",
      "[host](//evil.example/protocol-relative) <https://auto.example/link> www.bare.example",
      `[huge](https://long.example/${"a".repeat(5000)})`,
      `[ref]: ${there}/ref "t"`,
      "the end",
    ].join("\n\n");
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(await publish(says(hostile), "hostile"));
    await say("go");
    await page.getByRole("log").getByText("the end").waitFor();
    await page.waitForLoadState("networkidle");
    expect(hits).toEqual([]);
    expect(errors).toEqual([]);
    expect(await page.evaluate(() => "pwned" in window)).toBe(false);
    const log = page.getByRole("log");
    const forbidden = "img, script, iframe, link, meta, style, form, video, object, base, svg[onload]";
    expect(await log.locator(forbidden).count()).toBe(0);
    const links = await log
      .getByRole("link")
      .evaluateAll((all) =>
        all.map((link) => [link.getAttribute("href")!, link.textContent!, link.getAttribute("rel")]),
      );
    // Each opens the web, names its host in its text, and sends no referrer.
    expect(links.map(([href]) => href!.slice(0, 50))).toEqual([
      // The text of an invalid style, with an address in it.
      `${there}/style`,
      `${there}/phish`,
      "https://xn--pypal-4ve.example/login",
      "https://evil.example/x",
      "https://good.example@evil.example/",
      "https://auto.example/link",
      "http://www.bare.example",
      `https://long.example/${"a".repeat(29)}`,
    ]);
    for (const [href, text, rel] of links) {
      expect(text).toContain(new URL(href!).host);
      expect(rel).toBe("noreferrer noopener nofollow");
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(900);
  });
});

describe("on another site", () => {
  it("opens and closes by keyboard, keeps to a strict policy, and gives the focus back", async () => {
    const errors: string[] = [];
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(shopWith(await publish(says("You said {{m}}."), "shared", { access: "public", origins: [there] })));
    const button = page.getByRole("button", { name: "Ask us" });
    await button.focus();
    await page.keyboard.press("Enter");
    const frame = page.frameLocator('iframe[title="Ask us"]');
    const box = frame.getByRole("textbox", { name: "Write a message…" });
    await box.waitFor();
    await expect.poll(() => box.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.type("hello");
    await page.keyboard.press("Enter");
    await frame.getByRole("log").getByText("You said hello.").waitFor();
    expect(await button.getAttribute("aria-expanded")).toBe("true");
    await page.keyboard.press("Escape");
    await expect.poll(() => button.getAttribute("aria-expanded")).toBe("false");
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press("Enter");
    await frame.getByRole("log").getByText("You said hello.").waitFor();
    await frame.getByRole("button", { name: "Close chat" }).click();
    await expect.poll(() => button.getAttribute("aria-expanded")).toBe("false");
    // Messages from other windows are ignored.
    await page.keyboard.press("Enter");
    await page.evaluate(() => {
      window.postMessage("close", "*");
      window.postMessage("patchbay-embed", "*", [new MessageChannel().port2]);
    });
    await box.fill("still here");
    expect(await button.getAttribute("aria-expanded")).toBe("true");
    expect(errors).toEqual([]);
  });

  it("shows nothing where the owner did not name the site, or let nobody in", async () => {
    const shown = async (url: string) => {
      await page.goto(url);
      await page.getByRole("button", { name: "Ask us" }).click();
      await page.waitForLoadState("networkidle");
      return page.frameLocator("iframe").getByRole("textbox").count();
    };
    const alone = await publish(says("x"), "alone");
    const inside = await publish(says("x"), "inside", { access: "private", origins: [there] });
    const shared = await publish(says("x"), "shared", { access: "public", origins: [there] });
    expect(await shown(shopWith(shared))).toBe(1);
    expect(await shown(shopWith(alone))).toBe(0);
    expect(await shown(shopWith(inside))).toBe(0);
    // The same machine under another name is another site.
    expect(await shown(shopWith(shared).replace("127.0.0.1", "localhost"))).toBe(0);
    const policy = async (url: string) => (await fetch(url)).headers.get("content-security-policy") ?? "";
    expect(await policy(alone)).toContain("frame-ancestors 'none'");
    expect(await policy(shared)).toContain(`frame-ancestors 'self' ${there}`);
    expect(await policy(shared)).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  });
});
