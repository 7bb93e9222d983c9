/** The pages beside the canvas, each by what a person does there. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editorSuite } from "./editor-suite.ts";
import { smallGraph } from "./graphs.ts";
import { makeAgent } from "./harness.ts";

const EVERYTHING = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"));

const { server, page } = await editorSuite({ checkErrors: false });
let endpoint: Server;
let endpointUrl: string;

beforeAll(async () => {
  endpoint = createServer((request, response) => {
    // An endpoint that lists its models and rejects chat requests without a key.
    response.setHeader("content-type", "application/json");
    if (request.url?.endsWith("/models"))
      return response.end(JSON.stringify({ data: [{ id: "qwen3:8b", object: "model" }] }));
    response.statusCode = 401;
    response.end(JSON.stringify({ error: { message: "Incorrect API key provided" } }));
  });
  await new Promise<void>((ready) => endpoint.listen(0, "127.0.0.1", ready));
  endpointUrl = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/v1`;
});
afterAll(() => endpoint.close());

const go = (path: string) => page.goto(server.origin + path);
const button = (name: string | RegExp) => page.getByRole("button", { name });
const dialog = () => page.getByRole("dialog");

describe("triggers", () => {
  it("adds a schedule in words, a webhook and a notice; tries, pauses, changes and deletes them", async () => {
    const id = await makeAgent(server, smallGraph());
    await go(`/agents/${id}/triggers`);
    await page.getByText("Publish the agent first").waitFor();
    await server.call("POST", `/api/agents/${id}/publish`, { slug: "woken" });
    await page.reload();

    await button("Add schedule").click();
    await button("Add").click();
    await dialog().getByText("Enter a name").waitFor();
    await dialog().getByLabel("Name").fill("Morning report");
    await dialog().getByLabel("Time", { exact: true }).fill("08:30");
    await dialog().getByLabel("Time zone").fill("Moon/Base");
    await dialog().getByText("This time never occurs").waitFor();
    await dialog().getByLabel("Time zone").fill("Asia/Shanghai");
    await dialog().getByLabel("Message").fill("What is new?");
    await button("Add").click();
    const schedule = page.getByRole("article", { name: "Morning report" });
    await schedule.getByText("Every weekday at 08:30, Asia/Shanghai").waitFor();
    await schedule.getByText(/Next runs: \w{3}, .*08:30 · .*08:30 · .*08:30/).waitFor();
    await schedule.getByRole("button", { name: "Run now" }).click();
    await button("Open run").click();
    await page.getByText("What is new?").first().waitFor();
    await page.goBack();
    await schedule.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await dialog().getByRole("combobox", { name: "Frequency" }).click();
    await page.getByRole("option", { name: "Every week", exact: true }).click();
    await button("Save").click();
    await schedule.getByText("Every Monday at 08:30, Asia/Shanghai").waitFor();
    await schedule.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Pause" }).click();
    await schedule.getByText("Paused").waitFor();

    await button("Add trigger").click();
    await page.getByRole("menuitem", { name: "Webhook" }).click();
    await dialog().getByLabel("Name").fill("New orders");
    await button("Add").click();
    await dialog()
      .getByText(/^whsec_/)
      .first()
      .waitFor();
    await button("Done").click();
    const hook = page.getByRole("article", { name: "New orders" });
    await hook.getByText(`${server.origin}/v1/hooks/`).waitFor();
    await hook.getByRole("button", { name: "Run now" }).click();
    await dialog().getByLabel("Request body").fill('{"message":"An order"}');
    await dialog().getByRole("button", { name: "Run now" }).click();
    await dialog().getByText("Started").waitFor();
    await page.keyboard.press("Escape");
    await hook.getByRole("button", { name: "Activity" }).click();
    await dialog().getByText("Done").waitFor();
    await page.keyboard.press("Escape");

    await button("Add trigger").click();
    await page.getByRole("menuitem", { name: "Notification" }).click();
    await dialog().getByLabel("Name").fill("Tell the desk");
    await dialog().getByLabel("Address").fill("http://10.0.0.1/told");
    await button("Add").click();
    await dialog().getByText("10.0.0.1").last().waitFor();
    await page.keyboard.press("Escape");

    await hook.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await dialog().getByRole("button", { name: "Delete" }).click();
    await hook.waitFor({ state: "detached" });
  });
});

describe("templates", () => {
  it("of one's own are saved in the editor, stand beside ours, go out and come in as files, and are deleted", async () => {
    const id = await makeAgent(server, smallGraph({ name: "Explainer", description: "Explains a topic." }));
    await go(`/agents/${id}`);
    await page.locator(".react-flow__node").first().waitFor();
    // Typed at once: the field is there with its key.
    await page.keyboard.press("Control+k");
    await page.keyboard.type("save as a template");
    await dialog().getByRole("option", { name: "Save as template…", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await dialog().getByLabel("Name").fill("My explainer");
    if (process.env.E2E_SHOTS) await page.screenshot({ path: `${process.env.E2E_SHOTS}/save-template.png` });
    await dialog().getByLabel("Name").press("Enter");
    await button("View templates").click();
    await page.getByRole("heading", { name: "Your templates" }).waitFor();
    await button("Use “My explainer”").waitFor();
    await button("Use “Handbook helper”").waitFor();

    await button("Actions for “My explainer”").click();
    const saved = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Export as a file" }).click();
    const file = await saved;
    expect(file.suggestedFilename()).toBe("my-explainer.template.json");
    const text = readFileSync(await file.path(), "utf8");
    const files = page.locator("input[type=file]");
    const other = { ...JSON.parse(text), title: { en: "Copied", zh: "副本" } };
    await files.setInputFiles([
      { name: "copied.template.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(other)) },
      {
        name: "an.agent.json",
        mimeType: "application/json",
        buffer: Buffer.from(JSON.stringify(smallGraph({ name: "From a file" }))),
      },
      { name: "flow.json", mimeType: "application/json", buffer: Buffer.from('{"nodes":[],"connections":{}}') },
    ]);
    await page.getByText("2 templates imported").first().waitFor();
    await page.getByText("flow.json: This flow is from n8n").first().waitFor();
    if (process.env.E2E_SHOTS) await page.screenshot({ path: `${process.env.E2E_SHOTS}/templates.png` });

    await page.getByLabel("Search templates").fill("from a file");
    await expect.poll(() => page.getByRole("article").count()).toBe(1);
    await page.getByLabel("Search templates").fill("");
    await button("Actions for “Copied”").click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await dialog().getByRole("button", { name: "Delete" }).click();
    await page.getByText("“Copied” deleted").first().waitFor();
    await expect.poll(() => button("Use “Copied”").count()).toBe(0);

    await button("Use “My explainer”").click();
    await page.waitForURL(/\/agents\//);
    await page.getByRole("heading", { name: "My explainer" }).waitFor({ state: "attached" });
  });
});

describe("models", () => {
  beforeEach(() => go("/models"));

  it("explains the demo, and tests it in plain words", async () => {
    await page.getByText("You are using the demo model").waitFor();
    await button("Test").click();
    await page.getByText("It works").waitFor();
    await page.getByText("Tool calling").waitFor();
  });

  it("adds a provider from a preset, stores its key write-only, and says why it does not work", async () => {
    await button("Add provider").first().click();
    await button(/^vLLM/).click();
    await dialog().getByLabel("Address").fill("not an address");
    await button("Save and test").click();
    await page.getByText("Start with http").waitFor();
    await dialog().getByLabel("Address").fill(endpointUrl);
    await dialog().getByLabel("API key").fill("sk-a-wrong-key");
    await button("Save and test").click();
    await page.getByText("The provider rejected the API key").waitFor();
    expect(await dialog().textContent()).not.toContain("sk-a-wrong-key");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "vllm" }).waitFor();
    const { secrets } = await server.call<{ secrets: { name: string }[] }>("GET", "/api/secrets");
    expect(secrets.map((secret) => secret.name)).toContain("VLLM_API_KEY");
  });

  it("changes and removes one", async () => {
    await button("Edit: vllm").click();
    await dialog().getByLabel("Models").fill("qwen3:8b\nqwen3:30b");
    await button("Save and test").click();
    await page.getByText("The provider rejected the API key").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("qwen3:30b").waitFor();
    await button("Make vllm/qwen3:30b the default").click();
    await page.getByText("set by you").waitFor();
    await button("Choose automatically").click();
    await page.getByText("set by you").waitFor({ state: "detached" });
    await button("Remove: vllm").click();
    await dialog().getByRole("button", { name: "Remove" }).click();
    await page.getByRole("heading", { name: "vllm" }).waitFor({ state: "detached" });
  });
});

describe("MCP servers", () => {
  beforeEach(() => go("/tools/servers"));

  it("shows the exact command and starts nothing before the approval", async () => {
    await button("Add server").first().click();
    const config = {
      mcpServers: {
        everything: { command: process.execPath, args: [EVERYTHING, "stdio"], env: { TOKEN: "kept-away-1234" } },
      },
    };
    await dialog().getByLabel("Server configuration").fill("npx -y server");
    await dialog().getByRole("button", { name: "Add" }).click();
    await page.getByText("Invalid JSON").waitFor();
    await dialog().getByLabel("Server configuration").fill(JSON.stringify(config));
    await dialog().getByRole("button", { name: "Add" }).click();
    const parts = page.getByRole("list", { name: "Command arguments" }).getByRole("listitem");
    await parts.first().waitFor();
    expect((await parts.allInnerTexts()).map((text) => text.replace(/^\d+\s*/, ""))).toEqual([
      process.execPath,
      EVERYTHING,
      "stdio",
    ]);
    expect(await dialog().textContent()).toContain("TOKEN");
    expect(await dialog().textContent()).not.toContain("kept-away");
    const { servers } = await server.call<{ servers: { status: string }[] }>("GET", "/api/mcp-servers");
    expect(servers[0]?.status).toBe("needs-approval");
  });

  it("starts it with the approval, and lists its tools in the library", async () => {
    await button("Approve").click();
    await button("Approve and start").click();
    await page.getByText("Ready", { exact: true }).waitFor();
    await button(/tools$/).click();
    await page.getByText("echo", { exact: true }).waitFor();
    await go("/tools");
    await page.getByLabel(/^Search \d+ tools/).fill("everything echo");
    await button(/echo/).click();
    await dialog().getByLabel("message").fill("over the wire");
    await dialog().getByRole("button", { name: "Call" }).click();
    await dialog().getByText("over the wire").last().waitFor();
  }, 30_000);

  it("removes it with its tools", async () => {
    await button("Remove: everything").click();
    await dialog().getByRole("button", { name: "Remove" }).click();
    await page.getByText("No MCP servers yet").waitFor();
  });
});

describe("tools", () => {
  beforeEach(() => go("/tools"));

  it("calls one from a form made of its schema, and says what is missing", async () => {
    await button(/^calculator/).click();
    await dialog().getByRole("button", { name: "Call" }).click();
    await page.getByText("Required.").waitFor();
    await dialog().getByLabel("expression").fill("(3 + 4) * 12");
    await dialog().getByRole("button", { name: "Call" }).click();
    await dialog().getByText("84", { exact: true }).waitFor();
  });

  it("imports an OpenAPI document and reports each operation", async () => {
    await button("Add tools").first().click();
    await page.getByRole("radio", { name: "Paste" }).click();
    const document = {
      openapi: "3.1.0",
      info: { title: "Birds", version: "1" },
      servers: [{ url: "https://birds.example" }],
      paths: {
        "/birds/{id}": {
          get: {
            operationId: "getBird",
            summary: "One bird",
            parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
            responses: { 200: { description: "ok" } },
          },
        },
      },
    };
    await dialog().getByLabel("Document").fill(JSON.stringify(document));
    await dialog().getByRole("button", { name: "Import" }).click();
    await page.getByText("1 tool imported").waitFor();
    await dialog().getByRole("button", { name: "Close" }).last().click();
    await button(/getBird/i).waitFor();
  });
});

describe("ready-made tools", () => {
  it("are added with the key that they ask for", async () => {
    await go("/tools");
    await button("Add tools").first().click();
    await button("Add Translate Chinese to English").click();
    await page.getByText(/^Added: /).waitFor();
    await button("Add Web search (Brave)").click();
    await dialog().getByLabel("BRAVE_API_KEY").fill("a-brave-key-123");
    await button("Save").click();
    await dialog().getByLabel("BRAVE_API_KEY").waitFor({ state: "detached" });
    await dialog().getByRole("button", { name: "Close" }).click();
    await page.getByLabel(/^Search \d+ tools/).fill("translate");
    await button(/translate/)
      .first()
      .waitFor();
  });
});

describe("knowledge", () => {
  it("takes documents, says when they are ready, and finds passages with their place", async () => {
    await go("/knowledge");
    await button("New knowledge").first().click();
    await dialog().getByLabel("Name").fill("bird notes");
    await button("Create").click();
    await page.waitForURL(/\/knowledge\/bird%20notes/);
    await page
      .locator("input[type=file]:not([webkitdirectory])")
      .first()
      .setInputFiles([
        {
          name: "heron.md",
          mimeType: "text/markdown",
          buffer: Buffer.from("# Heron\n\n## Nest\n\nThe heron nests in tall alders by the river.\n"),
        },
        { name: "鹭.md", mimeType: "text/markdown", buffer: Buffer.from("# 鹭\n\n## 食物\n\n苍鹭主要吃鱼和青蛙。\n") },
        { name: "photo.png", mimeType: "image/png", buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47]) },
      ]);
    await page.getByText("1 file could not be added").waitFor();
    await page
      .getByRole("row", { name: /heron\.md/ })
      .getByText("Ready")
      .waitFor();
    await page
      .getByRole("row", { name: /鹭\.md/ })
      .getByText("Ready")
      .waitFor();
    await page.getByLabel("Question").fill("Where does the heron nest?");
    await button("Search").click();
    const hit = page.getByRole("region", { name: "Test search" }).getByRole("article").first();
    await hit.getByText("tall alders").waitFor();
    expect(await hit.textContent()).toMatch(/heron\.md[\s\S]*Nest[\s\S]*Keyword rank 1/);
    await page.getByLabel("Question").fill("苍鹭吃什么");
    await button("Search").click();
    await hit.getByText("青蛙").waitFor();
  }, 40_000);

  it("removes a document", async () => {
    await go("/knowledge/bird%20notes");
    await button("Remove “heron.md”").click();
    await page.getByRole("row", { name: /heron\.md/ }).waitFor({ state: "detached" });
  });
});

describe("runs", () => {
  it("are filtered, opened with their timeline, and deleted", async () => {
    const agent = await makeAgent(server, smallGraph({ name: "Counter" }));
    for (const message of ["What is 6 * 7?", "Tell me the time"])
      await server.call("POST", `/api/agents/${agent}/runs`, { input: { message }, session: "talk" });
    await go("/runs");
    await page.getByRole("link", { name: /Tell me the time/ }).waitFor();
    await page.getByLabel("Search messages").fill("6 * 7");
    await page.getByRole("link", { name: /Tell me the time/ }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: /6 \* 7/ }).click();
    await button(/^calculator/).click();
    await page.getByText("Called calculator").waitFor();
    await page.getByRole("heading", { name: "Reply" }).waitFor();
    await page.getByText("42").first().waitFor();
    await button("Delete run").click();
    await dialog().getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/\/runs$/);
    await page.getByRole("link", { name: /Tell me the time/ }).waitFor();
    expect(await page.getByRole("link", { name: /6 \* 7/ }).count()).toBe(0);
  });

  it("stand in their session", async () => {
    await go("/sessions");
    await page.getByRole("link", { name: /Tell me the time/ }).click();
    await page.getByText("Open run").first().waitFor();
  });

  it("are kept as long as the settings say", async () => {
    await go("/settings");
    await page.getByLabel("Keep runs for").click();
    await page.getByRole("option", { name: "30 days" }).click();
    await go("/runs");
    await page.getByText("Runs are kept for 30 days.").waitFor();
  });

  it("add up on the usage page", async () => {
    await go("/usage");
    await page.getByRole("row", { name: /Counter/ }).waitFor();
    // A row filters the page by its agent, then by version; the URL keeps the filters.
    await button("Show only Counter").click();
    await button("Show only Counter · draft").click();
    await page.getByRole("row", { name: /Editor and admin/ }).waitFor();
    await page.reload();
    await page.getByRole("row", { name: /Editor and admin/ }).waitFor();
    await page.getByRole("combobox", { name: "Key" }).click();
    await page.getByRole("option", { name: "Chat pages" }).click();
    await page.getByText("No usage matches these filters").waitFor();
    await button("Clear filters").first().click();
    const plot = page.getByRole("img", { name: /^Runs per day/ });
    await plot.focus();
    await page.keyboard.press("ArrowLeft");
    await page
      .getByRole("figure", { name: /Runs per day/ })
      .getByText(/[A-Z][a-z]{2} \d+/)
      .first()
      .waitFor();
  });
});

describe("settings", () => {
  it("write a secret and never show it", async () => {
    await go("/settings/secrets");
    await button("Add secret").first().click();
    await dialog().getByLabel("Name").fill("WEATHER_KEY");
    await dialog().getByLabel("Value").fill("a-very-secret-value");
    await button("Save").click();
    await page.getByRole("row", { name: /WEATHER_KEY/ }).waitFor();
    await page.reload();
    await page.getByRole("row", { name: /WEATHER_KEY/ }).waitFor();
    expect(await page.content()).not.toContain("a-very-secret-value");
  });

  it("show an agent key once", async () => {
    await go("/settings/keys");
    await button("New key").first().click();
    await dialog().getByLabel("Name").fill("Intranet");
    await button("Create key").click();
    const key = await dialog().getByText(/^pb_/).textContent();
    await button("Done").click();
    await page.getByRole("row", { name: /Intranet/ }).waitFor();
    expect(await page.content()).not.toContain(key!);
  });

  it("limit what a key may use a day, and say how much of it is used", async () => {
    await go("/settings/keys");
    await button("Edit Intranet").click();
    await dialog().getByLabel("Tokens per day").fill("many");
    await button("Save").click();
    await dialog().getByText("Enter a whole number above 0").waitFor();
    await dialog().getByLabel("Tokens per day").fill("2,000");
    await dialog().getByLabel("Cost per day, USD").fill("0.50");
    await dialog().getByLabel("Cost per day, USD").press("Enter");
    const row = page.getByRole("row", { name: /Intranet/ });
    await row.getByText("0 of 2K tokens").waitFor();
    await row.getByText("$0.00 of $0.50").waitFor();
    await button("Edit Intranet").click();
    await dialog().getByLabel("Cost per day, USD").fill("");
    await button("Save").click();
    await row.getByText("$0.00 of $0.50").waitFor({ state: "detached" });
    await row.getByText("0 of 2K tokens").waitFor();
  });

  it("back the instance up into a download, and bring it back", async () => {
    await server.call("PUT", "/api/secrets/WEATHER_KEY", { value: "a-very-secret-value" });
    await makeAgent(server, smallGraph());
    await go("/settings/backup");
    await page.getByLabel("Include secrets, encrypted with a passphrase").click();
    await page.getByLabel("Passphrase", { exact: true }).fill("short");
    await page.getByText("Use at least 12 characters.").waitFor();
    await page.getByLabel("Passphrase", { exact: true }).fill("a passphrase of its own");
    await page.getByLabel("Repeat passphrase").fill("a passphrase of its own");
    const download = page.waitForEvent("download");
    await button("Download backup").click();
    const file = await (await download).path();
    await page
      .getByText(/Backup complete/)
      .first()
      .waitFor();

    await page.locator("input[type=file]").setInputFiles({
      name: "patchbay.tar.gz",
      mimeType: "application/gzip",
      buffer: readFileSync(file),
    });
    const restore = page.getByRole("button", { name: "Restore", exact: true });
    await restore.click();
    await page.getByText(/This instance is not empty/).waitFor();
    await page.getByLabel("Merge with existing data").click();
    await restore.click();
    await page.getByText("This backup contains secrets").waitFor();
    await page.getByLabel("Passphrase for its secrets").fill("another passphrase");
    await restore.click();
    await page.getByText("The passphrase is wrong").waitFor();
    await page.getByLabel("Passphrase for its secrets").fill("a passphrase of its own");
    await restore.click();
    await page.getByText("Everything in it already exists here.").waitFor();
  });

  it("change language and theme at once, and remember them", async () => {
    await go("/settings");
    await page.getByRole("radio", { name: "中文" }).click();
    await page.getByRole("radio", { name: "深色" }).click();
    await page.reload();
    await page.getByRole("heading", { name: "外观与语言" }).waitFor();
    expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme])).toEqual([
      "zh",
      "dark",
    ]);
    await page.getByRole("radio", { name: "English" }).click();
    await page.getByRole("radio", { name: "Light" }).click();
  });
});
