import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { pageSuite } from "./page-suite.ts";

const { server, page, go, button, dialog } = await pageSuite();

const EVERYTHING = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"));

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
    // A message covers no button of the panel.
    const notice = await page.locator("li").filter({ hasText: "1 server added" }).boundingBox();
    const panel = await dialog().boundingBox();
    expect(notice!.x + notice!.width).toBeLessThanOrEqual(panel!.x);
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

  it("shows what the server says about its tools, and runs read-only ones without asking once that is accepted", async () => {
    await page.getByText("What “everything” says about its tools").waitFor();
    await button("Run read-only tools without asking").click();
    await button("Run read-only tools without asking").waitFor({ state: "detached" });
    await button(/tools$/).click();
    await page.getByText("Says: read-only").first().waitFor();
    const { tools } = await server.call<{ tools: { name: string; effect: string }[] }>("GET", "/api/tools");
    const effects = tools.filter((tool) => tool.name.startsWith("mcp/everything/")).map((tool) => tool.effect);
    expect(new Set(effects)).toEqual(new Set(["read", "outside"]));
    await button("Ask again for every tool").click();
    await button("Run read-only tools without asking").waitFor();
  });

  it("edits it: the secret stays, other values are shown, and unknown variables need a second yes", async () => {
    await button("Edit: everything").click();
    const variables = dialog().getByLabel("Environment variables");
    expect(await variables.inputValue()).toBe("TOKEN={{secret:mcp.everything.TOKEN}}");
    await variables.fill("TOKEN={{secret:mcp.everything.TOKEN}}\nHOME=/tmp/elsewhere\nOTHER_KEY={{secret:OTHER}}");
    await dialog().getByLabel("Call without progress").fill("90");
    await dialog().getByRole("button", { name: "Save" }).click();
    const shown = page.getByRole("list", { name: "Environment variables" });
    await shown.waitFor();
    expect(await shown.textContent()).toMatch(/TOKEN=\(secret\).*HOME=\/tmp\/elsewhere/);
    const approve = button("Approve and start");
    expect(await approve.isDisabled()).toBe(true);
    await dialog().getByRole("button", { name: "Set secret OTHER" }).click();
    await dialog().getByLabel("OTHER", { exact: true }).fill("the-other-key");
    await dialog().getByRole("button", { name: "Save" }).click();
    await dialog().getByRole("button", { name: "Set secret OTHER" }).waitFor({ state: "detached" });
    await dialog().getByRole("checkbox", { name: "I have checked HOME." }).click();
    await approve.click();
    await page.getByText("Ready", { exact: true }).waitFor({ timeout: 60_000 });
    const { servers } = await server.call<{ servers: { limits: { callMs: number }; status: string }[] }>(
      "GET",
      "/api/mcp-servers",
    );
    expect(servers).toMatchObject([{ status: "ready", limits: { callMs: 90_000 } }]);
  }, 90_000);

  it("is recognized where tools are imported, also as a single server", async () => {
    await go("/tools");
    await button("Add tools").first().click();
    await page.getByRole("radio", { name: "Paste" }).click();
    await dialog()
      .getByLabel("Document")
      .fill(JSON.stringify({ command: "npx", args: ["-y", "@modelcontextprotocol/server-memory"] }));
    await page.getByText("MCP servers found").waitFor();
    await dialog().getByRole("button", { name: "Add and review" }).click();
    await page.getByRole("heading", { name: "Approve “memory”?" }).waitFor();
    await page.keyboard.press("Escape");
    await button("Remove: memory").click();
    await dialog().getByRole("button", { name: "Remove" }).click();
    await page.getByRole("heading", { name: "memory" }).waitFor({ state: "detached" });
  });

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

  it("is imported again and deleted as a whole, and says which agents use it", async () => {
    const agent = await server.call<{ id: string }>("POST", "/api/agents", {
      graph: {
        format: "patchbay/1",
        name: "Bird watcher",
        nodes: [{ id: "kit", type: "tool", version: 1, config: { tools: ["openapi/birds/getBird"] } }],
        edges: [],
      },
    });
    await go("/tools");
    await button("Import birds again").click();
    expect(await dialog().getByRole("button", { name: "Import" }).isDisabled()).toBe(true);
    await page.keyboard.press("Escape");
    await button("Delete birds").click();
    const used = dialog().getByRole("region", { name: "Used by" });
    expect(await used.getByRole("link", { name: "Bird watcher" }).getAttribute("href")).toBe(`/agents/${agent.id}`);
    await dialog().getByRole("button", { name: "Delete" }).click();
    await button(/getBird/i).waitFor({ state: "detached" });
    await server.call("DELETE", `/api/agents/${agent.id}`);
  });

  it("made by hand can be changed, its arguments by fields, and lacks a secret until that is set", async () => {
    await server.call("POST", "/api/tools", {
      name: "http/weather",
      summary: "Weather of a city",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      http: { method: "GET", url: "https://weather.example/{{city}}", headers: { "X-Key": { secret: "WEATHER_KEY" } } },
    });
    await go("/tools");
    await button("Set secret WEATHER_KEY").click();
    await dialog().getByLabel("WEATHER_KEY").fill("the-weather-key");
    await dialog().getByRole("button", { name: "Save" }).click();
    await button("Set secret WEATHER_KEY").waitFor({ state: "detached" });

    await page.getByRole("button", { name: "weather", exact: true }).click();
    await button("Edit tool").click();
    const form = dialog().getByRole("region", { name: "Edit tool" });
    await form.getByLabel("Description").first().fill("Weather of a town");
    await form.getByRole("button", { name: "Add field" }).click();
    const added = form.getByRole("group", { name: "field", exact: true });
    await added.getByLabel("Name").fill("city");
    await added.getByText("Another field has this name.").waitFor();
    await added.getByLabel("Name").fill("days");
    const days = form.getByRole("group", { name: "days" });
    await days.getByLabel("Description").fill("How many");
    await days.getByRole("checkbox", { name: "Required" }).click();
    await form.getByRole("button", { name: "Save tool" }).click();
    await button("Edit tool").waitFor();
    expect(await server.call("GET", "/api/tools/http%2Fweather")).toMatchObject({
      summary: "Weather of a town",
      parameters: {
        properties: { city: { type: "string" }, days: { type: "string", description: "How many" } },
        required: ["city"],
      },
      http: { url: "https://weather.example/{{city}}", headers: { "X-Key": { secret: "WEATHER_KEY" } } },
    });
  });
});
