import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLoaderVariable, parseServers, SERVER_NAME } from "./config.ts";

describe("what people paste", () => {
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

  it.each([
    [{}, 'no "name"'],
    [{ name: "a" }, 'needs a "url" or a "command"'],
    [{ name: "a", url: "x", command: "y" }, "give one"],
    [{ name: "a", url: "file:///x" }, "not an http(s) address"],
    [{ name: "a", url: "http://u:p@x/" }, "user name or password"],
    [{ name: "a", url: "http://x/", env: { A: "1" } }, 'belong to a "command"'],
    [{ name: "a", command: "x", cwd: "relative" }, "absolute path"],
    [{ name: "a", command: "x", env: { "A B": "1" } }, "not a name for an environment variable"],
    [{ name: "a", command: "x\0y" }, "NUL"],
    [{ name: "a", command: 5 }, "command"],
    [{ name: "a", url: "http://x/", type: "sse" }, "SSE"],
    [{ name: "数据", command: "x" }, "begins with a letter"],
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
    expect(isLoaderVariable(name)).toBe(true);
    expect(() => parseServers({ name: "a", command: "x", env: { [name]: "1" } })).toThrow("is refused");
    expect(() => parseServers({ name: "a", command: "x", env: { [name]: { secret: "S" } } })).toThrow("is refused");
  });

  it("does not refuse what servers usually need", () => {
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
      expect(isLoaderVariable(name), name).toBe(false);
  });

  it("always gives a fitting name or a clear refusal", () => {
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
