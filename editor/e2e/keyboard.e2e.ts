/** Executes the steps of `docs/keyboard.md` exactly as written, without a pointer. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import { type BrowserSession, openSession, startServer, type TestServer } from "./harness.ts";

type Step = { press: string; until?: string } | { type: string };

/** The rows of the table, each as a list of keys. */
function walk(): Step[][] {
  const page = readFileSync(fileURLToPath(new URL("../../docs/keyboard.md", import.meta.url)), "utf8");
  const rows = [...page.matchAll(/^\| (.+?) \| .+ \|$/gm)].map((match) => match[1]!).filter((row) => row.includes("`"));
  return rows.map((row) =>
    [...row.matchAll(/`([^`]+)`(?: to \*\*([^*]+)\*\*)?|type “([^”]+)”/g)].map(
      ([, press, until, text]): Step => (text === undefined ? { press: press!, until } : { type: text }),
    ),
  );
}

const KEYS: Record<string, string> = { Ctrl: "Control", Down: "ArrowDown" };
const key = (written: string) =>
  written
    .split("+")
    .map((part) => KEYS[part] ?? (part.length === 1 ? part.toLowerCase() : part))
    .join("+");

/** The name and role of the focused element, as for a screen reader. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement & { labels?: NodeListOf<HTMLLabelElement> };
    return (element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent ?? "").trim();
  });

async function take(page: Page, step: Step): Promise<void> {
  if ("type" in step) return page.keyboard.type(step.type);
  if (step.until === undefined) return page.keyboard.press(key(step.press));
  const passed: string[] = [];
  for (let n = 0; n < 150; n++) {
    await page.keyboard.press(key(step.press));
    const name = await focused(page);
    if (name.startsWith(step.until)) return;
    passed.push(name.slice(0, 40));
  }
  throw new Error(`Tab does not come to ${step.until}. It passed: ${passed.slice(-40).join(" | ")}`);
}

let server: TestServer;
let session: BrowserSession;

beforeAll(async () => {
  server = await startServer();
  // Creates the knowledge base that the steps need.
  await server.call("POST", "/api/templates/handbook-helper/use", {});
  session = await openSession(server);
});
afterAll(async () => {
  await session?.close();
  await server?.stop();
});

it("builds the handbook helper from empty and asks it, as the page says", async () => {
  const { page } = session;
  await page.goto(server.origin);
  await page.getByRole("button", { name: "New agent" }).waitFor();
  for (const [index, row] of walk().entries()) {
    for (const step of row) {
      await take(page, step);
      // A person sees the list or form before pressing the next key.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    }
    if (index === 0) {
      await page.locator(".react-flow__node").nth(2).waitFor();
      await page.getByRole("tablist").waitFor();
    }
  }
  // The citation: a number that opens a file.
  await page
    .getByRole("button", { name: /^\d+\s*leave-and-hours\.md/ })
    .first()
    .waitFor();
  const id = page.url().split("/").at(-1);
  const { graph } = await server.call<{ graph: Graph }>("GET", `/api/agents/${id}`);
  expect(graph.nodes.map((node) => [node.type, node.config])).toEqual([
    ["input", {}],
    ["llm", {}],
    ["output", {}],
    ["retriever", { knowledge: "handbook" }],
    [
      "prompt",
      { template: "Answer from the passages and cite each fact. If they do not answer the question, say so." },
    ],
    ["tool", { tools: ["builtin/calculator", "builtin/clock"] }],
  ]);
  expect(graph.edges.map((edge) => `${edge.from} > ${edge.to}`).sort()).toEqual(
    [
      "ask.message > brain.message",
      "brain.text > reply.reply",
      "ask.message > facts.query",
      "facts.documents > brain.documents",
      "facts.documents > reply.documents",
      "brief.text > brain.instructions",
      "kit.tools > brain.tools",
    ].sort(),
  );
  expect(session.errors).toEqual([]);
}, 120_000);
