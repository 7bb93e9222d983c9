/** Trying a draft: pins, partial runs, edited outputs, past runs on their graph, comparison, test messages. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import { editorSuite } from "./editor-suite.ts";
import { graphOf } from "./graphs.ts";
import { makeAgent } from "./harness.ts";

const twoSteps = () =>
  graphOf(
    "Two steps",
    [
      ["ask", "input", {}],
      ["first", "prompt", { template: "First {{x}}" }],
      ["second", "prompt", { template: "Second {{x}}" }],
      ["reply", "output", {}],
    ],
    ["ask.message > first.x", "first.text > second.x", "second.text > reply.reply"],
    { ask: [0, 120], first: [300, 120], second: [600, 120], reply: [900, 120] },
  );

const { server, session, page, card } = await editorSuite();
const agent = await makeAgent(server, twoSteps());
await page.goto(`${server.origin}/agents/${agent}?try=1`);
await card("ask").waitFor();

const talk = () => page.getByLabel("Conversation");
const shot = (name: string) => page.screenshot({ path: join(tmpdir(), `trying-${name}.png`) });
const choose = (id: string) => card(id).click({ position: { x: 90, y: 12 } });
const draft = async () => {
  await page.getByText("Saved", { exact: true }).waitFor();
  return (await server.call<{ graph: Graph & { "x-pins"?: unknown } }>("GET", `/api/agents/${agent}`)).graph;
};

it("runs one node alone, to it and from it, with the rest as it was", async () => {
  await page.getByLabel("Message", { exact: true }).fill("hello");
  await page.keyboard.press("Enter");
  await talk().getByText("Second First hello").waitFor();
  await card("second").click({ button: "right", position: { x: 90, y: 12 } });
  await page.getByRole("menuitem", { name: "Run this node" }).click();
  await talk()
    .getByText(/Only .* · 1 output reused/)
    .waitFor();
  await choose("first");
  await page.keyboard.press("Alt+Enter");
  await talk()
    .getByText(/^Up to/)
    .waitFor();
  await talk()
    .getByText(/"First hello"/)
    .waitFor();
});

it("pins an output with a key, keeps it with the draft, uses it in trials, and never publishes it", async () => {
  await choose("first");
  await page.keyboard.press("p");
  await card("first").getByText("Pinned").waitFor();
  expect((await draft())["x-pins"]).toEqual({ first: { text: "First hello" } });
  await page.getByRole("tab", { name: "Chat" }).click();
  await page.getByText("1 output is pinned").waitFor();
  await page.getByLabel("Message", { exact: true }).fill("other");
  await page.keyboard.press("Enter");
  await talk().getByText("Second First hello").nth(1).waitFor();
  await shot("pinned");
  await server.call("POST", `/api/agents/${agent}/publish`, { slug: "two-steps" });
  const { versions } = await server.call<{ versions: object[] }>("GET", `/api/agents/${agent}/versions`);
  expect(JSON.stringify(versions)).not.toContain("x-pins");
  await page.getByRole("button", { name: "Unpin all" }).click();
  await page.getByText("1 output is pinned").waitFor({ state: "detached" });
  expect((await draft())["x-pins"]).toBeUndefined();
});

it("edits an output in the last run and goes on from there", async () => {
  await choose("first");
  await page.getByRole("tab", { name: "Prompt" }).click();
  await page.getByRole("radio", { name: "Last run" }).click();
  await page.getByRole("button", { name: "Edit output" }).click();
  await page.getByRole("textbox", { name: /^Output/ }).fill("Mine");
  await page.getByRole("button", { name: "Continue from here" }).click();
  await talk().getByText("Second Mine").waitFor();
});

it("keeps messages as tests, runs them all and says which pass", async () => {
  await page.getByRole("button", { name: "Save as test" }).first().click();
  await page.getByRole("tab", { name: "Tests" }).click();
  await page.getByLabel("Message", { exact: true }).fill("blue");
  await page.getByLabel("Reply contains", { exact: true }).fill("red");
  await page.getByRole("button", { name: "Add test" }).click();
  await page.getByRole("button", { name: "Run all" }).click();
  await page.getByText("1 of 2 passed").waitFor();
  await page.getByText("The reply does not contain “red”.").waitFor();
  await shot("tests");
  expect((await draft()).tests).toEqual([
    { name: "hello", input: { message: "hello" } },
    { name: "blue", input: { message: "blue" }, expect: { contains: "red" } },
  ]);
});

it("shows a past run on its graph as it was, and forks it from a node", async () => {
  const { runs } = await server.call<{ runs: { id: string; message: string }[] }>("GET", "/api/runs");
  const run = runs.findLast((one) => one.message === "hello")!;
  const changed = twoSteps();
  changed.nodes.splice(1, 1);
  changed.edges = [{ from: "ask.message", to: "second.x" }, changed.edges[2]!];
  const { revision } = await server.call<{ revision: number }>("GET", `/api/agents/${agent}`);
  await server.call("PUT", `/api/agents/${agent}`, { graph: changed }, { "if-match": `"${revision}"` });
  await page.goto(`${server.origin}/runs/${run.id}`);
  await page.getByRole("link", { name: "Show on graph" }).click();
  await page.getByText(/with the graph of that time/).waitFor();
  await choose("first");
  await shot("past");
  await page.keyboard.press("Backspace");
  expect(await card("first").count()).toBe(1);
  await page.getByRole("button", { name: "Edit output" }).click();
  await page.getByRole("textbox", { name: /^Output/ }).fill("Forked");
  await page.getByRole("button", { name: "Continue from here" }).click();
  await page.waitForURL((url) => url.pathname.endsWith("/graph") && !url.pathname.includes(run.id));
  await page.getByRole("complementary", { name: "Run on the graph" }).getByText("Second Forked").waitFor();
  const forked = /runs\/([^/]+)\/graph/.exec(page.url())![1]!;
  await page.getByRole("link", { name: "Back to draft" }).click();
  await card("second").waitFor();
  expect(await card("first").count()).toBe(0);

  await page.goto(`${server.origin}/compare/${run.id}/${forked}`);
  await page.getByRole("heading", { name: "Compare runs" }).waitFor();
  await page.locator("ins", { hasText: "Forked" }).first().waitFor();
  await page
    .getByRole("button", { name: /Show differences/ })
    .first()
    .click();
  await shot("compare");
});

it("opens a past run from the list with the keys of the draft, and says when it is not kept any more", async () => {
  await page.goto(`${server.origin}/runs`);
  await page.getByRole("button", { name: "Show “hello” on the graph" }).last().click();
  await page.getByText(/with the graph of that time/).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("second");
  await page.getByRole("option", { name: "second", selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByLabel("Node title").waitFor();
  expect(await page.locator(".react-flow__node.selected").getAttribute("data-id")).toBe("second");
  const run = /runs\/([^/]+)\/graph/.exec(page.url())![1]!;
  await server.call("DELETE", `/api/runs/${run}`);
  await page.reload();
  await page.getByText("This run no longer exists").waitFor();
  await page.goto(`${server.origin}/runs/${run}`);
  await page.getByText("This run no longer exists").waitFor();
  expect(session.errors.splice(0).every((error) => error.includes("404"))).toBe(true);
});

it("runs with the button what is typed, repeats the last message, and asks for one when there is none", async () => {
  const id = await makeAgent(server, twoSteps());
  await page.goto(`${server.origin}/agents/${id}`);
  await card("ask").waitFor();
  // The page of the deleted run may have asked once more for it.
  session.errors.length = 0;
  const run = page.getByRole("button", { name: /^Run/ }).first();
  const message = page.getByLabel("Message", { exact: true });
  await run.click();
  await page.getByText("Enter a message first. Run sends it.", { exact: true }).waitFor();
  expect(await message.evaluate((box) => box === document.activeElement)).toBe(true);
  await message.fill("typed");
  await run.click();
  await talk().getByText("Second First typed").waitFor();
  await run.click();
  await talk().getByText("Second First typed").nth(1).waitFor();
  expect(await talk().getByRole("listitem").count()).toBe(2);

  await message.focus();
  await page.keyboard.press("ArrowUp");
  expect(await message.inputValue()).toBe("typed");
  await message.fill("");

  // The editors of prompts and code leave Ctrl+Enter and Ctrl+K to the page.
  await choose("first");
  await page.getByRole("radio", { name: "Settings" }).click();
  const template = page.locator("#inspector .monaco-editor textarea").first();
  await template.waitFor({ state: "attached" });
  await template.focus();
  await page.keyboard.press("Control+Enter");
  await talk().getByText("Second First typed").nth(2).waitFor();
  await choose("first");
  await template.focus();
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  // A run saves the draft first.
  const { graph } = await server.call<{ graph: Graph }>("GET", `/api/agents/${id}`);
  expect(graph.nodes[1]!.config).toEqual({ template: "First {{x}}" });
});

it("keeps the conversation, the run on the cards and the unsent text over a reload and a restart of the server", async () => {
  const id = await makeAgent(server, twoSteps());
  await page.goto(`${server.origin}/agents/${id}?try=1`);
  const message = page.getByLabel("Message", { exact: true });
  await message.fill("kept");
  await page.keyboard.press("Enter");
  await talk().getByText("Second First kept").waitFor();
  await message.fill("half a sen");
  await server.restart();
  await page.reload();
  await talk().getByText("Second First kept").waitFor();
  expect(await message.inputValue()).toBe("half a sen");
  await card("first").getByText("First kept").waitFor();
  await page.goto(`${server.origin}/models`);
  await page.goBack();
  await talk().getByText("Second First kept").waitFor();
  // The session goes on.
  await page.keyboard.press("Control+Enter");
  await talk().getByText("Second First half a sen").waitFor();
  const { sessions } = await server.call<{ sessions: { turns: number }[] }>("GET", `/api/sessions?agent=${id}`);
  expect(sessions).toMatchObject([{ turns: 2 }]);
  session.errors.length = 0;
});

it("says in plain words that the server is down, keeps the message, and sends it again", async () => {
  const id = await makeAgent(server, twoSteps());
  await page.goto(`${server.origin}/agents/${id}?try=1`);
  const message = page.getByLabel("Message", { exact: true });
  await message.waitFor();
  await server.kill();
  await message.fill("anyone there");
  await page.keyboard.press("Enter");
  await talk().getByText("The server is not responding.").waitFor();
  expect(await message.inputValue()).toBe("anyone there");
  await server.restart();
  await talk().getByRole("button", { name: "Try again" }).click();
  await talk().getByText("Second First anyone there").waitFor();
  session.errors.length = 0;
});

it("attaches files where the input passes them on, and says so where it does not", async () => {
  const unwired = await makeAgent(server, twoSteps());
  await page.goto(`${server.origin}/agents/${unwired}?try=1`);
  await page.getByRole("button", { name: "Attach a file" }).click();
  await page.getByText("This agent reads no files").waitFor();

  const graph = twoSteps();
  const id = await makeAgent(server, {
    ...graph,
    edges: [...graph.edges.slice(0, 2), { from: "ask.files", to: "reply.reply" }],
  });
  await page.goto(`${server.origin}/agents/${id}?try=1`);
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Attach a file" }).click();
  const file = { name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("hello") };
  await (await chooser).setFiles(file);
  await page.getByRole("button", { name: "Remove note.txt" }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Remove note.txt" }).waitFor();
  await page.getByLabel("Message", { exact: true }).fill("with a file");
  await page.keyboard.press("Enter");
  await talk()
    .getByText(/"name": "note.txt"/)
    .waitFor();
  expect(await page.getByRole("button", { name: "Remove note.txt" }).count()).toBe(0);
});
