import { describe, expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import type { PatchPart } from "../../runtime/patch.ts";
import type { MockReply, MockRequest } from "../../server/testing/mock-model.ts";
import { editorSuite } from "./editor-suite.ts";
import { smallGraph } from "./graphs.ts";
import { makeAgent, openSession, startServer } from "./harness.ts";

const APPROVAL: PatchPart[] = [
  { do: "add-node", id: "gate", type: "approval", title: "Ask first", config: { question: "Send this answer?" } },
  { do: "remove-edge", from: "brain.text", to: "reply.reply" },
  { do: "add-edge", from: "brain.text", to: "gate.value" },
  { do: "add-edge", from: "gate.approved", to: "reply.reply" },
  { do: "set-config", id: "brief", config: { template: "You answer kindly about {{topic}} in one short paragraph." } },
];

/** The model's reply, by the last request. */
let reply: (asked: string, request: MockRequest) => MockReply;

const { server, session, page, model } = await editorSuite({
  model: {
    models: ["mock", "other"],
    reply: (request) =>
      reply(String(request.messages.findLast((message) => message.role === "user")?.content), request),
  },
});

const patch = (summary: string, parts: PatchPart[]): MockReply => ({ text: JSON.stringify({ summary, parts }) });
const card = (id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
const change = (text: string | RegExp) => page.getByRole("listitem").filter({ hasText: text }).getByRole("checkbox");

async function open(graph = smallGraph()): Promise<string> {
  const id = await makeAgent(server, graph);
  await page.goto(`${server.origin}/agents/${id}`);
  await page.locator(".react-flow").waitFor();
  await page.getByRole("tab", { name: "Build" }).click();
  return id;
}

async function ask(text: string): Promise<void> {
  await page.getByLabel("What should change?").fill(text);
  await page.keyboard.press("Enter");
}

async function saved(id: string): Promise<Graph> {
  await page.getByText("Saved", { exact: true }).waitFor();
  return (await server.call<{ graph: Graph }>("GET", `/api/agents/${id}`)).graph;
}

describe("building by conversation", () => {
  it("shows a proposal part by part and applies it as one step, with the new node in a place of its own", async () => {
    reply = () => patch("Answers wait for a person before they go out.", APPROVAL);
    const id = await open();
    await ask("Ask for approval before anything is sent");
    await page.getByText("Answers wait for a person before they go out.").waitFor();
    await page.getByText("5 changes", { exact: true }).waitFor();
    // Nothing has changed yet.
    expect(await page.locator(".react-flow__node").count()).toBe(5);
    await page.locator("ins", { hasText: "kindly" }).waitFor();
    await page.getByText("Send this answer?").waitFor();
    await page.getByRole("button", { name: "Apply", exact: true }).click();
    await card("gate").waitFor();
    await page.getByText("Applied", { exact: true }).waitFor();
    const graph = await saved(id);
    expect(graph.edges).toContainEqual({ from: "gate.approved", to: "reply.reply" });
    const boxes = await page
      .locator(".react-flow__node")
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
    const apart = (a: DOMRect, b: DOMRect) =>
      a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    boxes.forEach((box, index) => {
      for (const other of boxes.slice(index + 1)) expect(apart(box, other)).toBe(true);
    });
    const x = (node: string) => graph.layout[node]!.x;
    expect([x("brain"), x("gate"), x("reply")]).toEqual([x("brain"), x("gate"), x("reply")].sort((a, b) => a - b));
    // The whole patch is one undo step.
    await page.getByRole("tabpanel").getByRole("button", { name: "Undo" }).click();
    await expect.poll(async () => (await saved(id)).nodes.length).toBe(5);
    expect(await saved(id)).toEqual(smallGraph());
  });

  it("applies the ticked parts, and says what those need that are not", async () => {
    reply = () => patch("Asks first.", APPROVAL);
    const id = await open();
    await ask("Ask first");
    await change(/^Add .*Ask first/).click();
    await page.getByText("Cannot apply: the node “Ask first” does not exist.").first().waitFor();
    expect(await page.getByText("Cannot apply: the node “Ask first” does not exist.").count()).toBe(2);
    await page.getByText(/Adds \d+ issues?/).waitFor();
    await change(/^Disconnect/).click();
    await page.getByRole("button", { name: "Apply 1 change" }).click();
    await page.getByText("1 change applied").waitFor();
    await expect
      .poll(async () => (await saved(id)).nodes[1]!.config)
      .toEqual({ template: "You answer kindly about {{topic}} in one short paragraph." });
    expect((await saved(id)).edges).toEqual(smallGraph().edges);
  });

  it("tells the model what the person did themselves, and what became of its patch", async () => {
    const graphs: string[] = [];
    reply = (_asked, request) => {
      graphs.push(String(request.messages[0]?.content));
      return patch("Asks first.", APPROVAL);
    };
    await open();
    await ask("Ask first");
    await page.getByRole("button", { name: "Reject" }).click();
    await page.getByText("Not applied").waitFor();
    await card("reply").locator("header").click();
    await page.keyboard.press("Backspace");
    await card("reply").waitFor({ state: "detached" });
    await page.getByRole("tab", { name: "Chat" }).click();
    await page.getByRole("tab", { name: "Build" }).click();
    // The conversation is still there.
    await page.getByText("Not applied").waitFor();
    await ask("Then do it otherwise");
    await page.getByText("Cannot apply: the node “reply” does not exist.").first().waitFor();
    expect(graphs[0]).toContain('"reply.reply"');
    expect(graphs.at(-1)).not.toContain('"reply.reply"');
    const second = model.requests.findLast((request) =>
      request.messages.some((message) => String(message.content).includes("Then do it otherwise")),
    );
    expect(second?.messages.filter((message) => message.role === "user")[1]?.content).toBe(
      "(I did not apply that patch.)\nThen do it otherwise",
    );
  });

  it("says it when the model answers with no patch, and asks again on a click", async () => {
    let tries = 0;
    reply = () => (tries++ < 3 ? { text: "I would rather talk about birds." } : patch("Now a patch.", APPROVAL));
    await open();
    await ask("Ask first");
    await page.getByText("did not return a patch").waitFor();
    expect(session.errors.splice(0).every((error) => error.includes("502"))).toBe(true);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Now a patch.").waitFor();
  });

  it("asks the model that is chosen", async () => {
    reply = () => patch("Done.", []);
    await open();
    await page.getByRole("combobox", { name: "Model for building" }).click();
    await page.getByRole("option", { name: "openai/other" }).click();
    await ask("Nothing");
    await page.getByText("No changes needed.").waitFor();
    expect(model.requests.at(-1)?.model).toBe("other");
  });

  it("stops on request", async () => {
    reply = () => patch("Late.", APPROVAL);
    await page.route("**/api/build", () => undefined);
    await open();
    await ask("Slow");
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped.").waitFor();
    await page.unroute("**/api/build");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Late.").waitFor();
  });
});

describe("without an able model", () => {
  it("says that one is needed, and where to add it", async () => {
    const plain = await startServer();
    const alone = await openSession(plain);
    try {
      const id = await makeAgent(plain, smallGraph());
      await alone.page.goto(`${plain.origin}/agents/${id}`);
      await alone.page.getByRole("tab", { name: "Build" }).click();
      await alone.page.getByText("Building by conversation needs a real model").waitFor();
      expect(await alone.page.getByLabel("What should change?").isDisabled()).toBe(true);
      await alone.page.getByRole("link", { name: "Open Models" }).click();
      await alone.page.waitForURL(/\/models$/);
    } finally {
      await alone.close();
      await plain.stop();
    }
  });
});
