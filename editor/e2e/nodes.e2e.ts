/** A custom node type (the example of docs/nodes.md) in the real editor. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { graphOf } from "./graphs.ts";
import { type BrowserSession, makeAgent, openSession, startServer, type TestServer } from "./harness.ts";

const guide = readFileSync(path.resolve(import.meta.dirname, "../../docs/nodes.md"), "utf8");
const folder = mkdtempSync(path.join(tmpdir(), "patchbay-nodes-"));
let server: TestServer;
let session: BrowserSession;

beforeAll(async () => {
  writeFileSync(path.join(folder, "shorten.ts"), /```ts\n(export default[\s\S]*?)```/.exec(guide)![1]!);
  server = await startServer({ PATCHBAY_NODES: folder });
  session = await openSession(server);
});
afterAll(async () => {
  await session?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("is found in the palette, shows its preview and its form, and is saved", async () => {
  const { page } = session;
  const id = await makeAgent(
    server,
    graphOf(
      "Short",
      [
        ["ask", "input", {}],
        ["reply", "output", {}],
      ],
      [],
      {},
    ),
  );
  await page.goto(`${server.origin}/agents/${id}`);
  await page.locator(".react-flow__node").first().waitFor();
  await page.getByRole("button", { name: /^Input\b/ }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("shorten");
  await page.keyboard.press("Enter");
  const card = page.locator('.react-flow__node[data-id="shorten"]');
  await expect.poll(() => card.textContent()).toContain("100 words");
  await page.getByLabel("Ending").fill("!");
  await expect.poll(() => card.textContent()).toContain("100 words !");
  await expect
    .poll(async () => {
      const { graph } = await server.call<{ graph: { nodes: { id: string; config: unknown }[] } }>(
        "GET",
        `/api/agents/${id}`,
      );
      return graph.nodes.find((node) => node.id === "shorten")?.config;
    })
    .toEqual({ ending: "!" });
  expect(session.errors).toEqual([]);
});
