/** The command as a process: exit codes, one line for an error, and no data folder by mistake. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { serve } from "../testing/served.ts";
import { echo } from "../testing/test-app.ts";

// Processes start slowly where many tests run at once.
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "patchbay-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const untouched = join(folder, "untouched");
const agent = join(folder, "echo.agent.json");
writeFileSync(agent, JSON.stringify(echo));
const broken = join(folder, "broken.agent.json");
writeFileSync(broken, JSON.stringify({ ...echo, edges: [{ from: "ask.nothing", to: "reply.reply" }] }));

/** Standard input is empty. */
function run(args: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [join(import.meta.dirname, "..", "bin.mjs"), ...args],
      { cwd: folder, env: { PATH: process.env.PATH, PATCHBAY_DATA: untouched, ...env } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
    child.stdin!.end();
  });
}

test("help lists the commands; an invalid environment is one line", async () => {
  const [help, checked, wrong] = await Promise.all([
    run(["--help"]),
    run(["check", broken]),
    run(["run", agent, "-m", "x"], { PATCHBAY_TOKN: "1" }),
  ]);
  expect(help.code).toBe(0);
  for (const command of ["run", "check", "import", "export", "publish", "knowledge", "login", "serve", "doctor"])
    expect(help.stdout).toMatch(new RegExp(`^ {2}${command}`, "m"));
  expect(checked).toMatchObject({ code: 1, stdout: expect.stringContaining("unknown-port") });
  expect(checked.stderr).toContain("No data in");
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/^PATCHBAY_TOKN [^\n]*\n$/) });
});

test.each([
  [["nonsense"]],
  [["run"]],
  [["run", "x.json", "--approve", "maybe"]],
  [["run", "x.json", "-i", "novalue"]],
  [["knowledge", "add", "name"]],
  [["publish", "x", "--share", "2"]],
  [["live", "x", "latest"]],
  [["export", "x", "--colour"]],
])("wrong usage exits with 2: %j", async (args) => {
  const { code, stderr, stdout } = await run(args);
  expect(code, stderr).toBe(2);
  expect(stderr).toMatch(/^error: /);
  expect(stdout).toBe("");
});

test.each([
  [["backup", "x.tar.gz", "--runs"]],
  [["export", "helper"]],
  [["publish", "helper"]],
  [["knowledge", "list"]],
  [["knowledge", "search", "x", "y"]],
  [["models", "list"]],
  [["login"]],
])("in a folder without data, %j fails and creates nothing", async (args) => {
  const { code, stderr } = await run(args);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^There is no Patchbay data in [^\n]*untouched[^\n]*PATCHBAY_DATA[^\n]*\n$/);
  expect(existsSync(untouched)).toBe(false);
  expect(readdirSync(folder)).not.toContain("x.tar.gz");
});

test("doctor creates no data folder", async () => {
  const { stdout } = await run(["doctor"], { PORT: "0" });
  expect(stdout).toContain("does not exist yet");
  expect(existsSync(untouched)).toBe(false);
});

test("a file or folder that cannot be used is one line, without a stack", async () => {
  const served = await serve();
  try {
    await served.admin("POST", "/api/agents", { graph: echo });
    const server = { PATCHBAY_SERVER: served.origin, PATCHBAY_TOKEN: "a-token-for-this-test-only" };
    const results = await Promise.all([
      run(["backup", "x.tar.gz", "--passphrase-file", "none.txt"], server),
      run(["export", "Echo", "-o", join("nowhere", "x.json")], server),
      run(["backup", "x.tar.gz", "--secrets"], server),
      run(["knowledge", "import", "none.jsonl"], server),
      run(["import", agent], { PATCHBAY_DATA: join(agent, "data") }),
    ]);
    for (const { code, stderr } of results) {
      expect(code, stderr).toBe(1);
      expect(stderr.trim().split("\n"), stderr).toHaveLength(1);
    }
    expect(results[0]!.stderr).toBe("none.txt does not exist.\n");
    expect(results[1]!.stderr).toBe("nowhere/x.json does not exist.\n");
    expect(results[2]!.stderr).toContain("standard input is empty");
  } finally {
    await served.close();
  }
});

test("with a server, a command does not load the server's code", async () => {
  const served = await serve();
  // Writes the name of each module of the server that is loaded.
  const hook = `import { registerHooks } from "node:module";
    registerHooks({ load(url, context, next) {
      const [, name] = /\\/server\\/((?!cli|process|contract|bin).*)$/.exec(url) ?? [];
      if (name) process.stderr.write("loaded " + name + "\\n");
      return next(url, context);
    } });`;
  try {
    const { code, stdout, stderr } = await run(["models", "list"], {
      PATCHBAY_SERVER: served.origin,
      PATCHBAY_TOKEN: "a-token-for-this-test-only",
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}`,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("openai/mock");
  } finally {
    await served.close();
  }
});

test("a server that does not respond, or a missing token, is one line", async () => {
  const server = { PATCHBAY_SERVER: "http://127.0.0.1:1" };
  const [noToken, away, local] = await Promise.all([
    run(["models", "list"], server),
    run(["models", "list"], { ...server, PATCHBAY_TOKEN: "0123456789abcdef" }),
    run(["models", "remove", "x", "--server", "http://127.0.0.1:1"]),
  ]);
  expect(noToken).toMatchObject({ code: 1, stderr: expect.stringContaining("Set PATCHBAY_TOKEN") });
  expect(away).toMatchObject({ code: 1, stderr: expect.stringMatching(/does not respond/) });
  expect(local).toMatchObject({ code: 1, stderr: expect.stringContaining("on this machine only") });
});
