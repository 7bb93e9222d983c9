import { describe, expect, it } from "vitest";
import { emptyMcpDraft, mcpBody, mcpFaults, parsePasted } from "./mcp-draft.ts";

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
  ])("%s", (text, value) => {
    expect(parsePasted(text)).toEqual(value);
  });

  it("throws on what is not JSON", () => {
    expect(() => parsePasted("npx -y server")).toThrow(SyntaxError);
  });
});
