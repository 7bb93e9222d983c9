/** The hosted chat page: talking, coming back, waiting for a person, and text from a model that means harm. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import { graphOf } from "../../runtime/testing/play.ts";
import { type Desk, openDesk, startServer, type TestServer } from "./harness.ts";

let server: TestServer;
let desk: Desk;
let context: BrowserContext;
let page: Page;
/** Whatever asks this server for something was tricked into it. */
let elsewhere: Server;
const hits: string[] = [];

const says = (template: string): Graph =>
  graphOf(
    { ask: "input", p: ["prompt", { template }], reply: "output" },
    template.includes("{{m}}") ? ["ask.message p.m", "p.text reply.reply"] : ["p.text reply.reply"],
    { greeting: "Hello there", suggestions: ["What time is it?"] },
  );

async function publish(graph: Graph, slug: string, more: object = { access: "public" }): Promise<string> {
  const { id } = await server.call<{ id: string }>("POST", "/api/agents", { graph });
  const { urls } = await server.call<{ urls: { chat: string } }>("POST", `/api/agents/${id}/publish`, {
    slug,
    ...more,
  });
  return urls.chat;
}

beforeAll(async () => {
  elsewhere = createServer((request, response) => {
    hits.push(request.url ?? "");
    response.end("");
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  server = await startServer();
  desk = await openDesk(server);
}, 180_000);
afterAll(async () => {
  await desk?.close();
  await server?.stop();
  elsewhere?.close();
});
beforeEach(async () => {
  // A visitor: another browser profile, without the admin's cookie.
  await context?.close();
  context = await desk.browser.newContext({ viewport: { width: 900, height: 800 } });
  page = await context.newPage();
});

describe("a visitor", () => {
  it("talks, comes back to the conversation, and keeps no cookie", async () => {
    await page.goto(await publish(says("You said {{m}}."), "echo"));
    await page.getByRole("button", { name: "What time is it?" }).click();
    await page.getByText("You said What time is it?.").waitFor();
    await page.getByRole("textbox", { name: "Write a message…" }).fill("again");
    await page.keyboard.press("Enter");
    await page.getByText("You said again.").waitFor();
    await page.reload();
    await page.getByText("You said again.").waitFor();
    expect(await context.cookies()).toEqual([]);
    await page.getByRole("navigation").getByRole("button", { name: "New conversation" }).click();
    await page.getByText("Hello there").waitFor();
  });

  it("is shown a closed door where the agent is private", async () => {
    await page.goto(await publish(says("x"), "closed", { access: "private" }));
    await page.getByText("Sign in to Patchbay").or(page.getByText("no such page")).first().waitFor();
  });

  it("decides what waits for a person, where the page was shared by link", async () => {
    const graph = graphOf({ ask: "input", ok: ["approval", { question: "Send it?" }], reply: "output" }, [
      "ask.message ok.value",
      "ok.approved reply.reply",
    ]);
    await page.goto(await publish(graph, "gate", { access: "link" }));
    await page.getByRole("textbox", { name: "Write a message…" }).fill("the letter");
    await page.keyboard.press("Enter");
    const asked = page.getByRole("region", { name: "Send it?" });
    await asked.getByText("the letter").waitFor();
    await asked.getByRole("button", { name: "Approve" }).click();
    await asked.waitFor({ state: "detached" });
    await expect.poll(() => page.getByRole("log").getByText("the letter").count()).toBe(2);
  });
});

describe("text from a model that means harm", () => {
  it("loads nothing from elsewhere, runs nothing, and says where its links lead", async () => {
    const there = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    const hostile = [
      `![pixel](${there}/pixel.png)`,
      `<img src="${there}/img" onerror="fetch('${there}/onerror')">`,
      `<script src="${there}/script.js"></script><script>window.pwned = 1</script>`,
      `<iframe src="${there}/frame"></iframe><link rel="stylesheet" href="${there}/css">`,
      `<svg onload="fetch('${there}/svg')"></svg>`,
      `[bank](${there}/phish) [js](javascript:window.pwned=1) [data](data:text/html,<script>1</script>)`,
      `[ref]: ${there}/ref "t"`,
      "the end",
    ].join("\n\n");
    await page.goto(await publish(says(hostile), "hostile"));
    await page.getByRole("textbox", { name: "Write a message…" }).fill("go");
    await page.keyboard.press("Enter");
    await page.getByText("the end").waitFor();
    await page.waitForLoadState("networkidle");
    expect(hits).toEqual([]);
    expect(await page.evaluate(() => "pwned" in window)).toBe(false);
    const log = page.getByRole("log");
    expect(await log.locator("img, script, iframe, svg[onload], link").count()).toBe(0);
    expect(await log.getByRole("link").evaluateAll((links) => links.map((link) => link.getAttribute("href")))).toEqual([
      `${there}/phish`,
    ]);
    expect(await log.getByRole("link").textContent()).toContain(new URL(there).host);
  });

  it("the page may be framed by the sites it names, and by no other", async () => {
    const policy = async (url: string) => (await fetch(url)).headers.get("content-security-policy") ?? "";
    expect(await policy(await publish(says("x"), "alone"))).toContain("frame-ancestors 'none'");
    const shared = await policy(
      await publish(says("x"), "shared", { access: "public", origins: ["https://shop.example"] }),
    );
    expect(shared).toContain("frame-ancestors 'self' https://shop.example");
    expect(shared).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  });
});
