/** Writing templates: the list after `{{` in the prompt and in the address of a request, and where issues appear. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { graphOf } from "./graphs.ts";
import { type BrowserSession, makeAgent, openSession, startServer, type TestServer } from "./harness.ts";

let server: TestServer;
let session: BrowserSession;

beforeAll(async () => {
  server = await startServer({});
  session = await openSession(server);
});
afterAll(async () => {
  await session?.close();
  await server?.stop();
});

const stored = async (id: string) => {
  const { graph } = await server.call<{
    graph: { nodes: { id: string; config: Record<string, unknown> }[]; edges: { from: string; to: string }[] };
  }>("GET", `/api/agents/${id}`);
  const config = (node: string) => graph.nodes.find((one) => one.id === node)?.config;
  return { brief: config("brief"), call: config("call"), edges: graph.edges.map(({ from, to }) => `${from} ${to}`) };
};

it("lists what there is after two braces, writes and connects what is chosen, and undoes both at once", async () => {
  const { page } = session;
  const id = await makeAgent(
    server,
    graphOf(
      "Templates",
      [
        ["ask", "input", {}],
        ["brief", "prompt", { template: "Question: " }],
        ["call", "http", { url: "https://example.com/" }],
        ["reply", "output", {}],
      ],
      ["brief.text > reply.reply"],
      {},
    ),
  );
  await page.goto(`${server.origin}/agents/${id}`);
  await page.locator('.react-flow__node[data-id="brief"]').click();
  const editor = page.locator("#inspector .monaco-editor").first();
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("{{mes");
  const list = page.locator(".suggest-widget.visible");
  await list.getByText("message").first().waitFor();
  await page.keyboard.press("Enter");
  await expect
    .poll(() => stored(id))
    .toMatchObject({
      brief: { template: "Question: {{message}}" },
      edges: ["brief.text reply.reply", "ask.message brief.message"],
    });
  await page.keyboard.press("Control+z");
  await expect.poll(async () => (await stored(id)).edges).toEqual(["brief.text reply.reply"]);

  await page.keyboard.press("Escape");
  await page.locator('.react-flow__node[data-id="call"]').click();
  const url = page.getByRole("combobox", { name: "URL" });
  await url.focus();
  await page.keyboard.press("End");
  await page.keyboard.type("{{");
  await page.getByRole("option", { name: /^message / }).waitFor();
  expect(await url.getAttribute("aria-expanded")).toBe("true");
  await page.keyboard.type("mes");
  await page.keyboard.press("Enter");
  await expect
    .poll(() => stored(id))
    .toMatchObject({
      call: { url: "https://example.com/{{message}}" },
      edges: ["brief.text reply.reply", "ask.message call.message"],
    });
  expect(session.errors).toEqual([]);
});
