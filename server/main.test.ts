/** The process itself: what it prints, how it refuses to start, how it stops, what a kill leaves. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { RunEvent } from "../runtime/event.ts";
import type { RunResult } from "./contract/run.ts";
import { type MockModel, startMockModel } from "./testing/mock-model.ts";
import { chat, sseOf, TOKEN } from "./testing/test-app.ts";

// Processes start slowly where many tests run at once.
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "patchbay-main-"));
const children = new Set<ChildProcess>();
let mock: MockModel;
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
});
beforeAll(async () => {
  mock = await startMockModel({ delayMs: 400 });
});
afterAll(async () => {
  await mock.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Started {
  child: ChildProcess;
  origin: string;
  code: string;
  out: () => string;
  err: () => string;
  ended: Promise<number | null>;
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** Runs the server's entry; resolves when it is ready or ended. */
async function start(env: Record<string, string>): Promise<Started> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:PATCHBAY_|OPENAI_|HOST$|PORT$)/.test(name)),
  );
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "--no-editor"], {
    env: {
      ...inherited,
      PORT: "0",
      OPENAI_BASE_URL: mock.url,
      PATCHBAY_DEFAULT_MODEL: "openai/mock",
      ...env,
    } as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let out = "";
  let err = "";
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.stderr!.on("data", (chunk) => {
    err += chunk;
  });
  const ready = new Promise<void>((resolve) =>
    child.stdout!.on("data", (chunk) => {
      out += chunk;
      if (out.includes("\n")) resolve();
    }),
  );
  await Promise.race([ready, ended]);
  const url = URL.canParse(out.split(": ")[1] ?? "") ? new URL(out.split(": ")[1]!.trim()) : undefined;
  const origin = url?.origin ?? "";
  return {
    child,
    origin,
    code: url?.searchParams.get("code") ?? "",
    out: () => out,
    err: () => err,
    ended,
    api: (method, path, body, headers = {}) =>
      fetch(origin + path, {
        method,
        redirect: "manual",
        headers: {
          authorization: `Bearer ${env.PATCHBAY_TOKEN ?? TOKEN}`,
          "content-type": "application/json",
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
  };
}

async function begin(server: Started): Promise<string> {
  const answer = await server.api(
    "POST",
    "/api/runs",
    { graph: chat(), input: { message: "x" } },
    { prefer: "respond-async" },
  );
  return ((await answer.json()) as { id: string }).id;
}

async function follow(server: Started, id: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const answer = await server.api("GET", `/api/runs/${id}/events`, undefined, { accept: "text/event-stream" });
  for await (const message of sseOf(answer)) if (message.event !== "delta") events.push(message.data);
  return events;
}

describe("the start", () => {
  test("prints one ready line, listens on this machine alone, signs in once, stops with 0", async () => {
    const server = await start({ PATCHBAY_DATA: join(folder, "first") });
    expect(server.out()).toMatch(/^Patchbay is ready: http:\/\/127\.0\.0\.1:\d+\/\?code=[\w-]{32}\n$/);
    expect(server.err()).toBe("");
    const data = join(folder, "first");
    expect(statSync(data).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(data).filter((name) => statSync(join(data, name)).isFile()))
      expect((statSync(join(data, name)).mode & 0o077).toString(8), name).toBe("0");
    const first = await fetch(`${server.origin}/?code=${server.code}`, { redirect: "manual" });
    expect(first.status).toBe(303);
    const cookie = first.headers.get("set-cookie")!.split(";")[0]!;
    expect((await fetch(`${server.origin}/api/agents`, { headers: { cookie } })).status).toBe(200);
    server.child.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(server.out().split("\n")).toHaveLength(2);
    // The token that was made is kept, so the cookie is still good.
    const again = await start({ PATCHBAY_DATA: join(folder, "first") });
    expect((await fetch(`${again.origin}/api/agents`, { headers: { cookie } })).status).toBe(200);
    again.child.kill("SIGINT");
    expect(await again.ended).toBe(0);
  });

  test("is refused with one clear line and exit code 1", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    writeFileSync(join(folder, "a-file"), "");
    const locked = mkdtempSync(join(folder, "locked-"));
    chmodSync(locked, 0o500);
    const data = join(folder, "refused");
    const cases: [Record<string, string>, RegExp][] = [
      [{ PATCHBAY_DATA: data, PORT: String(port) }, /Port \d+ is in use/],
      [{ PATCHBAY_DATA: data, PATCHBAY_TOKN: "red" }, /PATCHBAY_TOKN is not a Patchbay setting/],
      [{ PATCHBAY_DATA: data, HOST: "0.0.0.0" }, /PATCHBAY_TOKEN/],
      [{ PATCHBAY_DATA: data, HOST: "203.0.113.7", PATCHBAY_TOKEN: TOKEN }, /not an address of this machine/],
      [{ PATCHBAY_DATA: join(folder, "a-file", "data") }, /a-file/],
    ];
    // A super-user may write anywhere.
    if (process.getuid?.() !== 0)
      cases.push([{ PATCHBAY_DATA: join(locked, "data") }, /cannot be written|permission/i]);
    const results = await Promise.all(cases.map(([env]) => start(env)));
    for (const [index, server] of results.entries()) {
      expect(await server.ended, server.err()).toBe(1);
      expect(server.out()).toBe("");
      expect(server.err()).toMatch(cases[index]![1]);
      expect(server.err().trim().split("\n")).toHaveLength(1);
    }
    taken.close();
  });

  test("of a second process on the same data folder is refused; after a kill it is free again", async () => {
    const env = { PATCHBAY_DATA: join(folder, "shared") };
    const first = await start(env);
    const second = await start(env);
    expect(await second.ended).toBe(1);
    expect(second.err()).toContain(`Another Patchbay (process ${first.child.pid}) uses`);
    first.child.kill("SIGKILL");
    await first.ended;
    const third = await start(env);
    expect(third.out()).toContain("ready");
    third.child.kill("SIGTERM");
    expect(await third.ended).toBe(0);
  });

  test("with a damaged database or another master key changes nothing", async () => {
    const data = join(folder, "keys");
    const first = await start({ PATCHBAY_DATA: data, PATCHBAY_TOKEN: TOKEN, PATCHBAY_SECRETS_KEY: "a".repeat(32) });
    expect((await first.api("PUT", "/api/secrets/A", { value: "value-of-a" })).status).toBe(200);
    first.child.kill("SIGTERM");
    await first.ended;
    const wrong = await start({ PATCHBAY_DATA: data, PATCHBAY_TOKEN: TOKEN, PATCHBAY_SECRETS_KEY: "b".repeat(32) });
    expect(await wrong.ended).toBe(1);
    expect(wrong.err()).toMatch(/encrypted with another key/);
    const right = await start({ PATCHBAY_DATA: data, PATCHBAY_TOKEN: TOKEN, PATCHBAY_SECRETS_KEY: "a".repeat(32) });
    expect(await (await right.api("GET", "/api/secrets")).json()).toMatchObject({ secrets: [{ name: "A" }] });
    right.child.kill("SIGTERM");
    await right.ended;
    writeFileSync(join(data, "runs.db"), "this is no database. ".repeat(500));
    const damaged = await start({ PATCHBAY_DATA: data, PATCHBAY_TOKEN: TOKEN, PATCHBAY_SECRETS_KEY: "a".repeat(32) });
    expect(await damaged.ended).toBe(1);
    expect(damaged.err()).toMatch(/runs\.db: the file is damaged/);
  });
});

describe("the end", () => {
  test("on SIGTERM runs may end; nothing more is taken in; exit 0", async () => {
    const server = await start({ PATCHBAY_DATA: join(folder, "stop"), PATCHBAY_TOKEN: TOKEN });
    const blocking = server.api("POST", "/api/runs", { graph: chat(), input: { message: "x" } });
    await expect.poll(() => mock.counts.chat, { timeout: 20_000 }).toBeGreaterThan(0);
    server.child.kill("SIGTERM");
    const answer = await blocking;
    expect(((await answer.json()) as RunResult).status).toBe("done");
    expect(await server.ended).toBe(0);
  });

  test("kill -9 loses no accepted run: each is taken up and ends, its log whole", async () => {
    const env = { PATCHBAY_DATA: join(folder, "kill"), PATCHBAY_TOKEN: TOKEN };
    const runs: string[] = [];
    for (const moment of ["accepted", "asked", "ended"]) {
      const server = await start(env);
      const asked = mock.counts.chat;
      const begun: string[] = [];
      for (let i = 0; i < 3; i++) begun.push(await begin(server));
      // The model has got a request of each; the first of them is through.
      if (moment === "asked") await expect.poll(() => mock.counts.chat).toBeGreaterThanOrEqual(asked + 3);
      if (moment === "ended") await follow(server, begun[0]!);
      server.child.kill("SIGKILL");
      await server.ended;
      runs.push(...begun);
    }
    const server = await start(env);
    for (const id of runs) {
      const events = await follow(server, id);
      expect(events.map((event) => event.seq)).toEqual([...events.keys()]);
      expect(events.at(-1)?.type).toBe("run-end");
      expect(events.filter((event) => ["run-end", "run-fail", "run-cancel"].includes(event.type))).toHaveLength(1);
      // A model's answer that was finished is not asked for again.
      expect(events.filter((event) => event.type === "message")).toHaveLength(1);
    }
    server.child.kill("SIGTERM");
    expect(await server.ended).toBe(0);
  });
});
