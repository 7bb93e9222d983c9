import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseServers, SERVER_NAME } from "./config.ts";
import { isRefusedVariable } from "./environment.ts";

describe("pasted configurations", () => {
  it("takes the shape of Claude and Cursor, and turns values into secrets", () => {
    const parsed = parseServers({
      mcpServers: {
        "My Files": {
          command: "npx",
          args: ["-y", "server", "/data"],
          env: { API_KEY: "k-1", DEBUG: "" },
          disabled: false,
          autoApprove: ["x"],
        },
        remote: { type: "http", url: "https://mcp.example/x#frag", headers: { Authorization: "Bearer t" } },
      },
    });
    expect(parsed[0]).toEqual({
      settings: {
        name: "my-files",
        command: "npx",
        args: ["-y", "server", "/data"],
        env: { API_KEY: { secret: "mcp.my-files.API_KEY" } },
      },
      secrets: new Map([["mcp.my-files.API_KEY", "k-1"]]),
    });
    expect(parsed[1]!.settings).toEqual({
      name: "remote",
      url: "https://mcp.example/x",
      headers: { Authorization: { secret: "mcp.remote.Authorization" } },
    });
    expect(JSON.stringify(parsed.map((each) => each.settings))).not.toMatch(/k-1|Bearer t/);
  });

  it("takes one server and VS Code's key, and keeps a reference to a secret", () => {
    expect(parseServers({ name: "a", command: "x", env: { K: { secret: "MINE" } } })[0]!.settings.env).toEqual({
      K: { secret: "MINE" },
    });
    expect(parseServers({ servers: { a: { command: "x" } } })).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ["a list without its key", { files: { command: "npx" } }, "files"],
    ["the key of VS Code's settings", { mcp: { servers: { files: { url: "https://x/mcp" } } } }, "files"],
    ["the key of Zed", { context_servers: { files: { command: "npx" } } }, "files"],
    [
      "a package of npm",
      { command: "npx", args: ["-y", "@modelcontextprotocol/server-filesystem@1.2.3", "/data"] },
      "filesystem",
    ],
    ["a package of PyPI", { command: "uvx", args: ["mcp-server-git", "--repository", "."] }, "git"],
    ["a program with its path", { command: "/opt/tools/weather-mcp" }, "weather"],
    ["a script", { command: "node", args: ["/home/me/notes.mjs"] }, "notes"],
    ["a container", { command: "docker", args: ["run", "-i", "--rm", "mcp/postgres"] }, "postgres"],
    ["an address", { url: "https://mcp.linear.app/mcp" }, "linear"],
  ])("names a server from %s", (_what, body, name) => {
    expect(parseServers(body).map((each) => each.settings.name)).toEqual([name]);
  });

  it("keeps credentials as secrets, shows other values, and leaves placeholders for the admin to fill in", () => {
    const placeholder = (name: string) => `\${${name}}`;
    const [parsed] = parseServers({
      name: "a",
      command: "x",
      env: {
        GITHUB_TOKEN: "t-1",
        DATABASE_URL: "postgres://me:pw@db/x",
        SERVICE_URL: "https://service.example",
        HOME: "/tmp/elsewhere",
        RETRIES: 3,
        API_KEY: "<your key>",
        OTHER_KEY: placeholder("input:other-key"),
        WORKSPACE: placeholder("env:WORKSPACE"),
      },
    });
    expect(parsed!.settings.env).toEqual({
      GITHUB_TOKEN: { secret: "mcp.a.GITHUB_TOKEN" },
      DATABASE_URL: { secret: "mcp.a.DATABASE_URL" },
      SERVICE_URL: "https://service.example",
      HOME: "/tmp/elsewhere",
      RETRIES: "3",
      API_KEY: { secret: "mcp.a.API_KEY" },
      OTHER_KEY: { secret: "mcp.a.OTHER_KEY" },
      WORKSPACE: { secret: "mcp.a.WORKSPACE" },
    });
    expect([...parsed!.secrets.keys()]).toEqual(["mcp.a.GITHUB_TOKEN", "mcp.a.DATABASE_URL"]);
  });

  it("takes limits and not the acceptance of hints, which is a decision of the admin", () => {
    const { settings } = parseServers({ name: "a", command: "x", limits: { callMs: 5_000 }, acceptHints: true })[0]!;
    expect(settings).toEqual({ name: "a", command: "x", args: [], env: {}, limits: { callMs: 5_000 } });
  });

  it.each([
    [{}, 'no "name"'],
    [{ name: "a" }, 'needs a "url" or a "command"'],
    [{ name: "a", url: "x", command: "y" }, "give one"],
    [{ name: "a", url: "file:///x" }, "not an http(s) address"],
    [{ name: "a", url: "http://u:p@x/" }, "user name or password"],
    [{ name: "a", url: "http://x/", env: { A: "1" } }, 'belong to a "command"'],
    [{ name: "a", command: "x", cwd: "relative" }, "absolute path"],
    [{ name: "a", command: "x", env: { "A B": "1" } }, "not a name of an environment variable"],
    [{ name: "a", command: "x\0y" }, "NUL"],
    [{ name: "a", command: 5 }, "command"],
    [{ name: "a", url: "http://x/", type: "sse" }, "SSE"],
    [{ name: "数据", command: "x" }, "begins with a letter"],
    [{ name: "a", command: "x", limits: { callMs: 1 } }, "limits.callMs"],
    [{ name: "a", command: "x", limits: { callMs: 9_000, callTotalMs: 8_000 } }, "less than"],
    [{ name: "a", command: "x", env: { A: "b\0c" } }, "NUL"],
    [{ mcpServers: {} }, "empty"],
    [{ mcpServers: [] }, "by name"],
    [{ mcpServers: { a: { command: "x" }, A: { command: "y" } } }, "same name"],
    [[], "Send one server"],
    [null, "Send one server"],
  ])("refuses %j", (body, why) => {
    expect(() => parseServers(body)).toThrow(why);
  });

  it.each([
    "NODE_OPTIONS",
    "node_options",
    "LD_PRELOAD",
    "LD_AUDIT",
    "DYLD_INSERT_LIBRARIES",
    "PATH",
    "BASH_ENV",
    "PYTHONPATH",
    "PERL5OPT",
    "RUBYOPT",
    "JAVA_TOOL_OPTIONS",
    "npm_config_registry",
    "GIT_SSH_COMMAND",
  ])("refuses the loader variable %s", (name) => {
    expect(isRefusedVariable(name)).toBe(true);
    expect(() => parseServers({ name: "a", command: "x", env: { [name]: "1" } })).toThrow("is refused");
    expect(() => parseServers({ name: "a", command: "x", env: { [name]: { secret: "S" } } })).toThrow("is refused");
  });

  it("does not refuse the variables that servers usually need", () => {
    for (const name of [
      "API_KEY",
      "GITHUB_TOKEN",
      "DATABASE_URL",
      "HOME",
      "DEBUG",
      "NODE_ENV",
      "PYTHONUNBUFFERED",
      "GITLAB_URL",
    ])
      expect(isRefusedVariable(name), name).toBe(false);
  });

  it("always returns a valid name or a clear error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (name) => {
        try {
          expect(parseServers({ name, command: "x" })[0]!.settings.name).toMatch(SERVER_NAME);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "bad_request" });
        }
      }),
    );
  });
});
