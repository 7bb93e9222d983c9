/** Every page by keyboard and against the axe rules, in both themes and languages, empty and with data. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeViolations, type BrowserSession, openSession, startServer, type TestServer } from "./harness.ts";

const EMPTY = [
  "/",
  "/templates",
  "/knowledge",
  "/tools",
  "/tools/servers",
  "/models",
  "/runs",
  "/sessions",
  "/usage",
  "/settings",
  "/settings/secrets",
  "/settings/keys",
  "/settings/backup",
  "/docs/editor",
  "/nowhere",
];

let server: TestServer;
let full: string[];
beforeAll(async () => {
  server = await startServer();
}, 180_000);
afterAll(() => server?.stop());

/** Creates data for every page. */
async function fill(): Promise<string[]> {
  const { id } = await server.call<{ id: string }>("POST", "/api/templates/handbook-helper/use", {});
  const run = await server.call<{ id: string }>("POST", `/api/agents/${id}/runs`, {
    input: { message: "What is 3 * 4?" },
    session: "talk",
  });
  const gate = await server.call<{ id: string }>("POST", "/api/templates/second-look/use", {});
  const waits = await server.call<{ id: string; status: string }>("POST", `/api/agents/${gate.id}/runs`, {
    input: { message: "May this go out?" },
  });
  expect(waits.status).toBe("waiting");
  await server.call("POST", `/api/agents/${id}/publish`, { slug: "handbook", access: "public" });
  await server.call("PATCH", `/api/agents/${id}`, { description: "The second version." });
  await server.call("POST", `/api/agents/${id}/publish`, { slug: "handbook", note: "With a note" });
  await server.call("POST", `/api/agents/${id}/live`, { version: 1, share: 0.1 });
  await server.call("PUT", "/api/secrets/A_KEY", { value: "something-long" });
  await server.call("POST", "/api/keys", { name: "One", agents: "*", limits: { tokensPerDay: 10, costUsdPerDay: 1 } });
  await server.call("POST", "/api/mcp-servers", { name: "files", command: "node", args: ["x.js"] });
  return [
    ...EMPTY,
    `/agents/${id}/versions`,
    `/agents/${id}/triggers`,
    "/knowledge/handbook",
    `/runs/${run.id}`,
    `/runs/${run.id}/graph`,
    `/runs/${waits.id}`,
    `/compare/${run.id}/${waits.id}`,
    "/inbox",
    "/chat/handbook",
    "/sessions/talk",
  ];
}

async function violationsOn(session: BrowserSession, path: string): Promise<string[]> {
  await session.page.goto(server.origin + path);
  await session.page.getByRole("heading", { level: 1 }).waitFor();
  // Waits for loading placeholders to go. The status above a past run is not one of them.
  if (path.endsWith("/graph")) await session.page.locator(".react-flow__node").first().waitFor();
  else await session.page.waitForFunction(() => document.querySelector("#page [role=status]") === null);
  return axeViolations(session.page);
}

async function sweep(paths: readonly string[], look: { theme: "light" | "dark"; language: "en" | "zh" }) {
  const session = await openSession(server, look);
  try {
    const found: string[] = [];
    for (const path of paths) for (const error of await violationsOn(session, path)) found.push(`${path} ${error}`);
    expect(found).toEqual([]);
    expect(session.errors).toEqual([]);
  } finally {
    await session.close();
  }
}

describe("every page", () => {
  it("is clean while it is empty", () => sweep(EMPTY, { theme: "light", language: "en" }), 90_000);

  it("is clean with something on it, light and English", async () => {
    full = await fill();
    await sweep(full, { theme: "light", language: "en" });
  }, 90_000);

  it("is clean with something on it, dark and Chinese", () => sweep(full, { theme: "dark", language: "zh" }), 90_000);

  it("opens panels that are clean too", async () => {
    const session = await openSession(server, { theme: "dark" });
    const { page } = session;
    const panels: [path: string, ...buttons: (string | RegExp)[]][] = [
      ["/models", "Add provider"],
      ["/models", "Add provider", /^Qwen/],
      ["/tools", "Add tools"],
      ["/tools", /^calculator/],
      ["/tools/servers", "Add server"],
      ["/tools/servers", "Approve"],
      ["/templates", "Use “File assistant”"],
      ["/knowledge", "New knowledge"],
      ["/knowledge/handbook", "Paste text"],
      ["/settings/secrets", "Add secret"],
      ["/settings/keys", "New key"],
      ["/settings/keys", "Edit One"],
    ];
    try {
      const found: string[] = [];
      for (const [path, ...buttons] of panels) {
        await page.goto(server.origin + path);
        for (const name of buttons) await page.getByRole("button", { name }).first().click();
        await page.getByRole("dialog").waitFor();
        for (const error of await axeViolations(session.page)) found.push(`${path} ${buttons} ${error}`);
      }
      expect(found).toEqual([]);
    } finally {
      await session.close();
    }
  }, 60_000);

  it("is reached and used by keyboard alone", async () => {
    const session = await openSession(server);
    const { page } = session;
    try {
      await page.goto(`${server.origin}/models`);
      await page.getByRole("heading", { name: "Models" }).waitFor();
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
      await page.getByRole("button", { name: "Add provider" }).first().focus();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      // The focus moves to the first choice, stays inside, and returns when the panel closes.
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").getByLabel("Address").waitFor();
      for (let step = 0; step < 25; step++) {
        await page.keyboard.press("Tab");
        expect(await page.evaluate(() => document.activeElement?.closest("[role=dialog]") !== null)).toBe(true);
      }
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Add provider");
    } finally {
      await session.close();
    }
  }, 30_000);
});
