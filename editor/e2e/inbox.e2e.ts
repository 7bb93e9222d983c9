import { describe, expect, it } from "vitest";
import { editorSuite } from "./editor-suite.ts";
import { graphOf } from "./graphs.ts";
import { makeAgent } from "./harness.ts";

const { server, session, page } = await editorSuite({ model: {} });

/** A model whose only tool needs approval. */
const asker = () =>
  graphOf(
    "Careful",
    [
      ["ask", "input", {}],
      ["kit", "tool", { tools: ["builtin/calculator"], approve: { "builtin/calculator": "ask" } }],
      ["brain", "llm", {}],
      ["reply", "output", {}],
    ],
    ["ask.message > brain.message", "kit.tools > brain.tools", "brain.text > reply.reply"],
    { ask: [0, 0], kit: [0, 200], brain: [320, 0], reply: [640, 0] },
  );

/** An approval node before the reply. */
const gate = () =>
  graphOf(
    "Gatekeeper",
    [
      ["ask", "input", {}],
      ["gate", "approval", { question: "Let this out?" }],
      ["reply", "output", {}],
    ],
    ["ask.message > gate.value", "gate.approved > reply.reply"],
    { ask: [0, 0], gate: [320, 0], reply: [640, 0] },
  );

async function begin(graph: ReturnType<typeof gate>, message: string): Promise<string> {
  const agent = await makeAgent(server, graph);
  const { id, status } = await server.call<{ id: string; status: string }>("POST", `/api/agents/${agent}/runs`, {
    input: { message },
  });
  expect(status).toBe("waiting");
  return id;
}

const run = async (id: string) =>
  server.call<{ status: string; output?: { reply: unknown } }>("GET", `/api/runs/${id}`);
const waiting = (message: string) =>
  page.getByRole("list", { name: "Inbox" }).getByRole("listitem").filter({ hasText: message });

describe("Inbox", () => {
  it("is counted everywhere, shown with its exact arguments and answered in place", async () => {
    await page.goto(server.origin);
    await page.getByRole("link", { name: "Inbox", exact: true }).click();
    await page.getByText("Your inbox is empty").waitFor();
    const sum = await begin(asker(), "6 * 7");
    const letter = await begin(gate(), "The letter to the board");
    await page.goto(`${server.origin}/knowledge`);
    await page.getByRole("link", { name: "Inbox: 2 runs" }).click();
    await waiting("6 * 7").getByText('"expression": "6 * 7"').waitFor();
    await waiting("The letter to the board").getByText("Let this out?").waitFor();
    await waiting("6 * 7").getByRole("button", { name: "Approve" }).click();
    await waiting("6 * 7").waitFor({ state: "detached" });
    await expect.poll(async () => (await run(sum)).status).toBe("done");
    expect(String((await run(sum)).output?.reply)).toContain("42");
    await page.getByRole("link", { name: "Inbox: 1 run", exact: true }).waitFor();
    await waiting("The letter to the board").getByRole("button", { name: "Reject" }).click();
    await page.getByText("Your inbox is empty").waitFor();
    await expect.poll(async () => (await run(letter)).status).not.toBe("waiting");
  });

  it("lets a person edit the arguments before approving, and shows both in the run", async () => {
    await page.goto(`${server.origin}/inbox`);
    const id = await begin(asker(), "6 * 8");
    await waiting("6 * 8").getByRole("button", { name: "Edit before approval" }).click();
    const box = waiting("6 * 8").getByRole("textbox", { name: "Exact arguments" });
    await box.fill('{ "expression": ');
    await waiting("6 * 8").getByRole("alert").getByText("Invalid JSON").waitFor();
    await box.fill('{ "expression": 7 }');
    await waiting("6 * 8").getByRole("button", { name: "Approve with changes" }).click();
    await waiting("6 * 8").getByText("The edited arguments of builtin/calculator do not fit").waitFor();
    session.errors.length = 0;
    await box.fill('{ "expression": "60 * 8" }');
    await waiting("6 * 8").getByRole("button", { name: "Approve with changes" }).click();
    await waiting("6 * 8").waitFor({ state: "detached" });
    await expect.poll(async () => String((await run(id)).output?.reply)).toContain("480");
  });

  it("comes and goes by itself, and leads to its run", async () => {
    await page.goto(`${server.origin}/inbox`);
    await page.getByText("Your inbox is empty").waitFor();
    const id = await begin(gate(), "Later on");
    await waiting("Later on")
      .getByRole("link", { name: /Open run.*Later on/ })
      .click();
    await page.waitForURL(`${server.origin}/runs/${id}`);
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByRole("button", { name: "Approve", exact: true }).waitFor({ state: "detached" });
    await page.goBack();
    await page.getByText("Your inbox is empty").waitFor();
  });

  it("says when somebody else was faster", async () => {
    const id = await begin(gate(), "Twice");
    const { waits } = await server.call<{ waits: { wait: string }[] }>("GET", `/api/runs/${id}`);
    await page.goto(`${server.origin}/inbox`);
    await waiting("Twice").getByRole("button", { name: "Approve" }).waitFor();
    // The page's list is out of date: it is not reloaded before the click.
    await page.route("**/api/runs?*", () => undefined);
    await server.call("POST", `/api/runs/${id}/answer`, { wait: waits[0]!.wait, choice: "reject" });
    await waiting("Twice").getByRole("button", { name: "Approve" }).click();
    await page.getByRole("alert").waitFor();
    await page.unroute("**/api/runs?*");
    expect(session.errors.splice(0).every((error) => /40[49]|410/.test(error))).toBe(true);
  });
});
