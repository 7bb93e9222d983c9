/** Every script of this folder, as a person would run it, against a server with a published agent. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hookCommand } from "../../editor/panels/snippets.ts";
import { chatGraph, type Served, serve } from "../../server/testing/served.ts";

const run = promisify(execFile);
const here = import.meta.dirname;
const scripts = readdirSync(here).filter((name) => /\.(?:mjs|sh)$/.test(name) && name !== "setup.mjs");

let served: Served;
let agent: string;
let env: Record<string, string | undefined>;

beforeAll(async () => {
  served = await serve();
  const { id } = await served.publish(chatGraph({ name: "Handbook helper" }), "handbook");
  agent = id;
  const { key } = await served.key(["handbook"], { rights: ["run"] });
  const hook = await served.admin<{ url: string; secret: string }>("POST", `/api/agents/${id}/triggers`, {
    kind: "webhook",
    name: "Example",
  });
  env = {
    PATH: process.env.PATH,
    SERVER: served.origin,
    KEY: key,
    AGENT: "handbook",
    HOOK: hook.url,
    SECRET: hook.secret,
  };
});
afterAll(() => served.close());

test.concurrent.each(scripts)("%s", async (script) => {
  const program = script.endsWith(".sh") ? "sh" : process.execPath;
  const { stdout } = await run(program, [path.join(here, script)], { env });
  expect(stdout).toContain(script === "webhook.mjs" ? "started" : "scripted answer");
});

test("a script fails when a response is wrong", async () => {
  const wrong = { ...env, AGENT: "nobody" };
  for (const [program, script] of [
    [process.execPath, "openai-chat.mjs"],
    ["sh", "curl.sh"],
  ] as const)
    await expect(run(program, [path.join(here, script)], { env: wrong })).rejects.toThrow();
});

test.each(["standard", "github", "stripe", "slack", "telegram", "token", "none"] as const)(
  "the command that the editor shows for a new webhook works in a shell: %s",
  async (sender) => {
    const secret = sender === "stripe" || sender === "slack" ? "a signing secret of the sender" : undefined;
    const body = { kind: "webhook", name: sender, sender, secret };
    const made = await served.admin<{ url: string; secret?: string }>("POST", `/api/agents/${agent}/triggers`, body);
    const message = 'It\'s "quoted" $HOME 世界';
    const command = hookCommand(made.url, made.secret ?? secret ?? "", JSON.stringify({ message }), sender);
    const { stdout } = await run("sh", ["-c", command], { env });
    expect(JSON.parse(stdout)).toMatchObject({ status: "running" });
  },
);

test("the table names every script", () => {
  const table = readFileSync(path.join(here, "README.md"), "utf8");
  for (const script of scripts) expect(table).toContain(`](${script})`);
});
