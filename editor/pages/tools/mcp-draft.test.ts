import { describe, expect, it } from "vitest";
import type { McpServerCard } from "../../../server/contract/mcp-server.ts";
import { draftOf, emptyMcpDraft, isMcpServers, mcpBody, mcpChange, mcpFaults, parsePasted } from "./mcp-draft.ts";
import { importOf } from "./tool-draft.ts";

describe("a server written by hand", () => {
  it("keeps each line of arguments whole", () => {
    expect(
      mcpBody({
        ...emptyMcpDraft,
        name: "files",
        args: "-y\n@modelcontextprotocol/server-filesystem\n/home/me/my files\n",
      }),
    ).toEqual({
      name: "files",
      command: "npx",
      args: ["-y", "@modelcontextprotocol/server-filesystem", "/home/me/my files"],
    });
  });

  it("reads values with the mark in them", () => {
    expect(mcpBody({ ...emptyMcpDraft, name: "a", env: "KEY=a=b" })).toMatchObject({ env: { KEY: "a=b" } });
    expect(
      mcpBody({ ...emptyMcpDraft, kind: "url", name: "a", url: "https://x/mcp", headers: "Authorization: Bearer a:b" }),
    ).toEqual({
      name: "a",
      url: "https://x/mcp",
      headers: { Authorization: "Bearer a:b" },
    });
  });

  it("names the line that does not fit", () => {
    expect(mcpFaults({ ...emptyMcpDraft, name: "Bad Name", program: " ", env: "A=1\nB" })).toEqual({
      name: true,
      program: true,
      env: { line: 2 },
    });
    expect(mcpFaults({ ...emptyMcpDraft, kind: "url", name: "ok" })).toEqual({ url: true });
  });
});

describe("pasted JSON", () => {
  const files = { mcpServers: { files: { command: "npx" } } };
  it.each([
    ['{"mcpServers":{"files":{"command":"npx"}}}', files],
    ['```json\n{"mcpServers":{"files":{"command":"npx"}}}\n```', files],
    ['"mcpServers": {"files":{"command":"npx"}}', files],
    ['"files": {"command":"npx"},', files],
    ['{"name":"a","url":"https://x"}', { name: "a", url: "https://x" }],
    ['{\n  // from the docs\n  "mcpServers": { "files": { "command": "npx", }, },\n}', files],
    ['"command": "npx", "args": ["-y", "x"]', { command: "npx", args: ["-y", "x"] }],
    ['"servers": {"files":{"command":"npx"}}', { servers: files.mcpServers }],
  ])("%s", (text, value) => {
    expect(parsePasted(text)).toEqual(value);
  });

  it("throws on what is not JSON", () => {
    expect(() => parsePasted("npx -y server")).toThrow(SyntaxError);
  });
});

describe("a server that is edited", () => {
  const limits = { startMs: 30_000, callMs: 60_000, callTotalMs: 600_000 };
  const command: McpServerCard = {
    name: "a",
    transport: "stdio",
    argv: ["npx", "-y", "a b"],
    env: [
      { name: "TOKEN", secret: "mcp.a.TOKEN" },
      { name: "HOME", value: "/tmp/a=b", unknown: true },
    ],
    cwd: "/data/mcp/a",
    ownFolder: true,
    limits,
    seen: "x",
    status: "ready",
    tools: 1,
  };

  it("comes back as it was, with its secrets as references", () => {
    expect(mcpChange(draftOf(command))).toEqual({
      command: "npx",
      args: ["-y", "a b"],
      env: { TOKEN: { secret: "mcp.a.TOKEN" }, HOME: "/tmp/a=b" },
      cwd: null,
      limits,
    });
    const { argv: _, env: __, cwd: ___, ...common } = command;
    const address: McpServerCard = {
      ...common,
      transport: "http",
      url: "https://x/mcp",
      headerSecrets: { Authorization: "mcp.a.Authorization" },
    };
    expect(mcpChange(draftOf(address))).toEqual({
      url: "https://x/mcp",
      headers: { Authorization: { secret: "mcp.a.Authorization" } },
      limits,
    });
  });

  it("loses what was removed from the form", () => {
    const draft = { ...draftOf(command), env: "", start: "", call: "90", callTotal: "" };
    expect(mcpChange(draft)).toEqual({
      command: "npx",
      args: ["-y", "a b"],
      env: null,
      cwd: null,
      limits: { callMs: 90_000 },
    });
  });

  it("names a limit that is out of range", () => {
    const draft = draftOf(command);
    expect(mcpFaults(draft)).toEqual({});
    expect(mcpFaults({ ...draft, start: "0", call: "x", callTotal: "90000" })).toEqual({
      start: true,
      call: true,
      callTotal: true,
    });
    expect(mcpFaults({ ...draft, call: "90", callTotal: "60" })).toEqual({ callTotal: true });
  });
});

describe("MCP servers pasted where tools are imported", () => {
  it.each<[string, object]>([
    ["the form of Claude and Cursor", { mcpServers: { a: { command: "npx" } } }],
    ["the form of VS Code", { servers: { a: { type: "http", url: "https://x/mcp" } }, inputs: [] }],
    ["the settings of VS Code", { mcp: { servers: { a: { command: "npx" } } } }],
    ["a list without its key", { a: { command: "npx" }, b: { url: "https://x/mcp" } }],
    ["one server", { command: "npx", args: ["-y", "x"] }],
    ["one address", { url: "https://x/mcp" }],
  ])("%s is recognized", (_what, value) => {
    expect(isMcpServers(value)).toBe(true);
    expect(importOf(JSON.stringify(value, null, 2))).toEqual({ mcp: value });
  });

  it.each<[string, object]>([
    ["an API in the paper's format", { name: "Renew", description: "x", parameters: [], url: "https://x/renew" }],
    ["a tool of ours", { name: "http/x", summary: "x", http: { url: "https://x" } }],
    ["a Flowise tool", { name: "x", description: "x", func: "return 1" }],
    ["an empty object", {}],
  ])("%s is not", (_what, value) => {
    expect(importOf(JSON.stringify(value))).toEqual({ template: value });
  });

  it("an OpenAPI document with servers is still one", () => {
    expect(importOf('{"openapi":"3.1.0","servers":[{"url":"https://x"}]}')).toHaveProperty("openapi");
  });
});
