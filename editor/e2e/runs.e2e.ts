import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import type { MockReply, MockRequest } from "../../server/testing/mock-model.ts";
import { editorSuite } from "./editor-suite.ts";
import { graphOf, smallGraph } from "./graphs.ts";

const run = promisify(execFile);
const LONG = "In your second year you have twenty two days of annual leave, and you have taken six of them so far.";

let reply: (request: MockRequest) => MockReply | undefined = () => undefined;

const { server, page, model, card, open } = await editorSuite({
  session: { reducedMotion: false },
  model: { chunkMs: 60, reply: (request) => reply(request) },
});

async function ask(text: string): Promise<void> {
  await page.getByRole("tab", { name: "Chat" }).click();
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Control+Enter");
}

describe("trying", () => {
  it("streams on the card and in the conversation, rings what runs, and draws its time", async () => {
    reply = () => ({ text: LONG });
    await open();
    await ask("How many days do I have?");
    await card("brain").getByText("In your second").waitFor();
    await card("brain").getByRole("img", { name: "Running" }).waitFor();
    await page.locator(".edge-active").first().waitFor({ state: "attached" });
    await page.getByRole("listitem").getByText(LONG).waitFor();
    await page.getByRole("list", { name: "Timeline" }).getByText("Language model, step 1").waitFor();
    await page.getByText("No sources").waitFor();
    await card("brief").getByText("You answer about How many days do I have?").waitFor();
  });

  it("keeps the conversation: the next turn has the last one in its prompt, and a past turn can be shown again", async () => {
    reply = (request) => ({
      text: `I was told ${request.messages.filter((message) => message.role === "user").length} things.`,
    });
    await open();
    await ask("First");
    await page.getByText("I was told 1 things.").last().waitFor();
    await ask("Second");
    await page.getByText("I was told 2 things.").last().waitFor();
    await card("ask").getByText("Second").waitFor();
    await page.getByRole("button", { name: "Show this run on the graph" }).click();
    await card("ask").getByText("First").waitFor();
    await page.getByRole("button", { name: "New conversation" }).click();
    await page.getByText("Send a message to run the agent.").waitFor();
    await card("ask").getByText("Messages come in here.").waitFor();
  });

  it("shows tool calls with arguments and results, and the built prompt by pieces", async () => {
    reply = (request) =>
      request.messages.at(-1)?.role === "tool"
        ? { text: "It is 84." }
        : { calls: [{ name: "calculator", arguments: { expression: "12*7" } }] };
    await open();
    await ask("What is 12*7?");
    await page.getByRole("button", { name: /calculator .*12\*7.* → 84/ }).click();
    await page.getByText("Arguments of builtin/calculator").waitFor();
    await card("brain").locator("header").click();
    await page.getByRole("tab", { name: "Language model" }).click();
    await page.getByText("Prompt sent to the model").waitFor();
    await page.getByRole("radio", { name: "Last run" }).click();
    await page.getByRole("button", { name: /^Input ·/ }).click();
    await page.getByLabel("instructions").getByText("You answer about What is 12*7?").waitFor();
    await page.getByRole("radio", { name: "Settings" }).click();
  });

  it("is answered in the conversation where a person is needed, and on the card says so", async () => {
    const id = await open(
      graphOf(
        "Asks",
        [
          ["ask", "input", {}],
          ["gate", "approval", { question: "Send it out?" }],
          ["reply", "output", {}],
        ],
        ["ask.message > gate.value", "gate.approved > reply.reply", "gate.rejected > reply.reply"],
        { ask: [0, 0], gate: [300, 0], reply: [600, 0] },
      ),
    );
    await ask("The letter");
    await card("gate").getByRole("button", { name: "Approve" }).waitFor();
    await page.getByRole("region", { name: "Send it out?" }).getByText("The letter").waitFor();
    await page.getByRole("region", { name: "Send it out?" }).getByRole("button", { name: "Approve" }).click();
    await page.getByText("Done", { exact: true }).waitFor();
    const runs = await server.call<{ runs: { status: string }[] }>("GET", `/api/runs?agent=${id}`);
    expect(runs.runs.map((one) => one.status)).toEqual(["done"]);
  });

  it("stops at once, and the model is let go", async () => {
    reply = () => ({ text: `${LONG} `.repeat(40) });
    await open();
    await ask("Tell me everything");
    await card("brain").getByText("In your second").waitFor();
    const before = model.counts.closedEarly;
    await page.getByRole("button", { name: "Stop" }).first().click();
    await page.getByText("Stopped.").waitFor();
    await expect.poll(() => model.counts.closedEarly).toBe(before + 1);
  });

  it("says on the card why a node failed, with the way to fix it", async () => {
    reply = () => ({ status: 401, message: "Incorrect API key provided." });
    await open();
    await ask("Hello");
    await card("brain").locator("p.text-bad").waitFor();
    await card("brain").getByRole("button", { name: "Open Models" }).click();
    await page.waitForURL(/\/models/);
  });

  it("runs what is not saved yet, to the chosen node only", async () => {
    reply = () => ({ text: "Never asked." });
    await open();
    await card("brief").locator("header").click({ button: "right" });
    const before = model.counts.chat;
    await page.getByRole("menuitem", { name: "Run up to here" }).click();
    await page.getByLabel("Message", { exact: true }).fill("leave");
    await page.keyboard.press("Escape");
    expect(model.counts.chat).toBe(before);
  });
});

describe("publishing", () => {
  it("gives calls to paste that work in a shell and with the openai client, and a badge when the draft moves on", async () => {
    reply = (request) => ({ text: `Heard: ${JSON.stringify(request.messages.at(-1)?.content)}` });
    const id = await open(smallGraph({ settings: { ...smallGraph().settings, suggestions: ['What\'s "up"?'] } }));
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByLabel("Address").fill("small-helper");
    await page.getByLabel("What changed").fill("First");
    await page.getByRole("button", { name: "Publish v1" }).click();
    await page.getByText("v1 is live").waitFor();
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByText("This key is shown once.").waitFor();
    const code = page.locator("figure pre");
    const curl = (await code.textContent())!;
    expect(curl).toMatch(/Bearer pb_/);
    const { stdout } = await run("bash", ["-c", curl.replace(/^curl/, "curl -sS")]);
    expect(JSON.parse(stdout)).toMatchObject({ status: "done", output: { reply: expect.stringContaining("Heard:") } });
    await page.getByRole("radio", { name: "MCP" }).click();
    expect(JSON.parse((await code.textContent())!)).toMatchObject({
      mcpServers: { "small-helper": { url: `${server.origin}/mcp/small-helper` } },
    });
    await page.getByText("Live v1").waitFor();
    // Node positions are not part of a version.
    const place = async () => (await server.call<{ graph: Graph }>("GET", `/api/agents/${id}`)).graph.layout.brief?.x;
    const before = await place();
    await card("brief").locator("header").click();
    await page.keyboard.press("ArrowRight");
    await expect.poll(place).not.toBe(before);
    await page.getByText("Saved", { exact: true }).waitFor();
    await page.getByText("Live v1").waitFor();
    await card("brief").locator("header").click();
    await page.getByRole("tab", { name: "Prompt" }).click();
    await page.getByLabel("Node title").fill("Instructions");
    await page.getByText("Draft differs from live v1").waitFor();
    await page.getByRole("button", { name: "Publish v2" }).click();
    await page.getByRole("tabpanel").getByRole("button", { name: "Publish v2" }).click();
    await page.getByText("v2 is live").waitFor();
    await page.getByRole("button", { name: "History" }).click();
    const first = page.getByRole("listitem").filter({ hasText: "v1" }).filter({ hasText: "First" });
    await first.getByRole("button", { name: "Make live" }).click();
    await page.getByText("v1 is live").first().waitFor();
    const { publication } = await server.call<{ publication: { live: number } }>("GET", `/api/agents/${id}/versions`);
    expect(publication.live).toBe(1);
    await first.getByRole("button", { name: "Compare with draft" }).click();
    await first.getByText("Instructions").first().waitFor();

    // The second version receives a share of the calls beside the first, and back.
    await page.goto(`${server.origin}/agents/${id}/versions`);
    await page.getByRole("button", { name: "Roll out v2 gradually" }).click();
    await page.getByRole("menuitem", { name: "10% of calls" }).click();
    await page.getByRole("heading", { name: "Gradual rollout: v2 receives 10% of calls" }).waitFor();
    await page.getByText("Not enough calls yet").waitFor();
    await page.getByRole("radio", { name: "25%" }).click();
    await page.getByRole("heading", { name: "Gradual rollout: v2 receives 25% of calls" }).waitFor();
    await page.getByRole("button", { name: "Roll back to v1" }).click();
    await page
      .getByRole("heading", { name: "Gradual rollout: v2 receives 25% of calls" })
      .waitFor({ state: "detached" });
    const after = await server.call<{ publication: object }>("GET", `/api/agents/${id}/versions`);
    expect(after.publication).toMatchObject({ live: 1 });
    expect(after.publication).not.toHaveProperty("share");
  });

  it("is refused while there are issues, and shows them", async () => {
    await open({ ...smallGraph(), edges: [] });
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText(/Fix \d+ issues? first/).waitFor();
    expect(await page.getByRole("button", { name: "Publish v1" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Show issues" }).click();
    await page.getByRole("tab", { name: /^Issues/, selected: true }).waitFor();
  });
});
