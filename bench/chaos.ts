/**
 * Twenty MCP servers, five of which crash, hang, flood, lie or fail to start, beside fifty runs at a time that use the
 * other fifteen. No run may fail, and memory must stay flat. 30 s; ten minutes with --full.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Script } from "../server/mcp/testing/scripted-server.ts";
import { rough, scripted } from "../server/mcp/testing/test-services.ts";
import { freePort } from "../server/testing/free-port.ts";
import { type MockReply, type MockRequest, startMockModel } from "../server/testing/mock-model.ts";
import { chat } from "../server/testing/test-app.ts";
import { ServerProcess } from "./crash/process.ts";

export const quick = false;

const TOKEN = "a-token-for-this-bench-only";

export interface ChaosOptions {
  seconds: number;
  /** Well-behaved servers. */
  good: number;
  /** Runs at the same time. */
  runs: number;
}

export interface ChaosReport {
  runs: number;
  /** Runs that did not return what their tool returned: what they returned instead. */
  failed: string[];
  /** Calls of tools of the bad servers, by what came back. */
  badCalls: Record<string, number>;
  /** Faults that only the last handler caught. */
  faults: number;
  /** Resident memory in MiB, at equal distances in time; the first third is warm-up. */
  memory: number[];
  /** The largest of the last third over the largest of the second. */
  growth: number;
  /** The slowest answer of `/healthz`, in milliseconds. */
  slowestMs: number;
}

export async function run({ full = false }: { full?: boolean } = {}): Promise<ChaosReport> {
  const report = await chaos({ seconds: full ? 600 : 30, good: 15, runs: 50 });
  console.table({
    runs: report.runs,
    failed: report.failed.length,
    "calls of bad servers": Object.values(report.badCalls).reduce((sum, count) => sum + count, 0),
    faults: report.faults,
    "memory, MiB": `${report.memory[0]} → ${report.memory.at(-1)}`,
    "memory growth": report.growth,
    "slowest /healthz, ms": report.slowestMs,
  });
  console.table(report.badCalls);
  for (const failed of report.failed.slice(0, 10)) console.log(failed);
  return report;
}

const schema = { inputSchema: { type: "object", properties: { text: { type: "string" } } } };
const odd: Script = {
  list: {
    tools: [
      null,
      { name: "look", ...schema, outputSchema: { type: "object", required: ["a"] } },
      { name: "look", ...schema },
      { name: "deep", inputSchema: { type: "object", properties: { a: { pattern: "(a+)+(?!b)" } } } },
    ],
  },
  calls: {
    look: { content: [null, { type: "image", data: "???" }], structuredContent: { b: 1 } },
    deep: { content: "text", isError: "perhaps" },
  },
};

/** Settings of the bad servers, and the tool that shows what each is bad at. */
const BAD: Record<string, { settings: object; tools: string[] }> = {
  crash: { settings: rough("ok"), tools: ["crash", "leave", "echo"] },
  hang: {
    settings: { ...rough("ok"), limits: { callMs: 1_000, callTotalMs: 2_000 } },
    tools: ["hang", "block", "progress"],
  },
  flood: { settings: rough("flood"), tools: ["echo", "big"] },
  lie: { settings: scripted(odd), tools: ["look", "deep", "none"] },
  exit: { settings: scripted({ list: "exit", stderr: "No key.\n" }), tools: ["any"] },
};

/** Calls the first tool with the user's text, then replies with what the tool returned. */
function reply({ messages, tools }: MockRequest): MockReply {
  const last = messages.at(-1)!;
  if (last.role === "tool") return { text: String(last.content) };
  return { calls: [{ name: tools![0]!.function.name, arguments: { text: String(last.content) } }] };
}

export async function chaos({ seconds, good, runs }: ChaosOptions): Promise<ChaosReport> {
  const folder = mkdtempSync(join(tmpdir(), "patchbay-chaos-"));
  const mock = await startMockModel({ reply });
  const server = new ServerProcess("chaos", await freePort(), {
    PATCHBAY_DATA: folder,
    PATCHBAY_TOKEN: TOKEN,
    OPENAI_BASE_URL: mock.url,
    PATCHBAY_DEFAULT_MODEL: "openai/mock",
  });
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(server.origin + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.text() };
  };
  const approve = (name: string) => call("POST", `/api/mcp-servers/${name}/approve`, {});
  const report: ChaosReport = { runs: 0, failed: [], badCalls: {}, faults: 0, memory: [], growth: 0, slowestMs: 0 };
  try {
    await server.start();
    const names = Array.from({ length: good }, (_, i) => `good-${i}`);
    for (const name of names) {
      const settings = scripted({ list: { tools: [{ name: "echo", ...schema }] } });
      await call("POST", "/api/mcp-servers", { name, ...settings, limits: { startMs: 120_000, callMs: 120_000 } });
      await approve(name);
    }
    for (const [name, { settings }] of Object.entries(BAD)) {
      await call("POST", "/api/mcp-servers", { name, ...settings });
      await approve(name);
    }
    const end = Date.now() + seconds * 1000;
    let next = 0;

    const runGood = async () => {
      while (Date.now() < end) {
        const id = next++;
        const tool = `mcp/${names[id % good]}/echo`;
        const graph = chat({ tools: [tool], approve: { [tool]: "auto" } });
        const message = `text ${id}`;
        const result = await call("POST", "/api/runs", { graph, input: { message } }).catch((error: Error) => ({
          status: 0,
          body: error.message,
        }));
        report.runs++;
        if (!result.body.includes('"status":"done"') || !result.body.includes(message))
          report.failed.push(`${result.status} ${result.body.slice(0, 300)}`);
      }
    };
    const callBad = async (name: string) => {
      for (let i = 0; Date.now() < end; i++) {
        const tools = BAD[name]!.tools;
        const body = { name: `mcp/${name}/${tools[i % tools.length]}`, arguments: { text: i % 2 ? "line" : "text" } };
        const result = await call("POST", "/api/tools/call", body).catch(() => ({ status: 0, body: "" }));
        const code = /"code":"(\w+)"/.exec(result.body)?.[1] ?? (result.body.includes('"error":true') ? "error" : "ok");
        report.badCalls[`${name}: ${code}`] = (report.badCalls[`${name}: ${code}`] ?? 0) + 1;
        // Also forgives the failures, so that the server is started again and again.
        if (i % 3 === 0) await approve(name).catch(() => undefined);
        if (Date.now() < end) await new Promise((done) => setTimeout(done, 20));
      }
    };
    const watch = async () => {
      const step = Math.max(200, (seconds * 1000) / 30);
      while (Date.now() < end) {
        await new Promise((done) => setTimeout(done, step));
        const began = performance.now();
        await fetch(`${server.origin}/healthz`).catch(() => undefined);
        report.slowestMs = Math.max(report.slowestMs, Math.round(performance.now() - began));
        report.memory.push(residentMiB(server.pid!));
      }
    };
    await Promise.all([...Array.from({ length: runs }, runGood), ...Object.keys(BAD).map(callBad), watch()]);
    const third = Math.floor(report.memory.length / 3);
    const most = (values: number[]) => Math.max(1, ...values);
    report.growth =
      Math.round((most(report.memory.slice(-third)) / most(report.memory.slice(third, 2 * third))) * 100) / 100;
    const metrics = await call("GET", "/metrics");
    for (const [, count] of metrics.body.matchAll(/patchbay_faults_total\{[^}]*\} (\d+)/g))
      report.faults += Number(count);
    if (!server.isAlive) report.failed.push(`The server ended: ${server.errors.slice(-1_000)}`);
    return report;
  } finally {
    await server.kill("SIGTERM");
    await mock.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function residentMiB(pid: number): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
    return Math.round((pages * 4096) / 2 ** 20);
  } catch {
    return Number.NaN; // not on this system
  }
}
