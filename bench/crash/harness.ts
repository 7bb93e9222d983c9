/**
 * Kills servers at crash points and at random times while clients use them, and checks what the clients observed.
 * The same seed gives the same kinds of kill in the same order; the timing of the processes is not deterministic.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { RunEvent } from "../../runtime/event.ts";
import type { FaultPoint } from "../../server/process/fault.ts";
import { freePort } from "../../server/testing/free-port.ts";
import { startPostgres } from "../../server/testing/postgres.ts";
import { percentile } from "../numbers.ts";
import { call, dieAtRest } from "./at-rest.ts";
import { drive, type Record, TOKEN } from "./client.ts";
import { judge } from "./judge.ts";
import { type Oracle, startOracle } from "./oracle.ts";
import { ServerProcess } from "./process.ts";

export interface HarnessOptions {
  kills: number;
  seed: number;
  /** One door and three workers on PostgreSQL, which is restarted halfway. Else one server on SQLite. */
  postgres?: boolean;
  clients?: number;
  log?(line: string): void;
}

export interface Report {
  seed: number;
  store: "SQLite" | "PostgreSQL";
  kills: { [place: string]: number };
  databaseRestarts: number;
  runs: number;
  events: number;
  /** Number of resumed runs. */
  resumed: number;
  toolCalls: number;
  uncertain: number;
  streamBreaks: number;
  /**
   * Time to the end of each run that a kill interrupted: from the kill when other workers continue it, else from the next
   * ready line of the server.
   */
  recoveryMs: { p50: number; p95: number; max: number };
  startMs: { p50: number; max: number };
  violations: string[];
}

/** Crash points in runs, and how often a process may pass each before it is killed. */
const CRASH_POINTS: [FaultPoint, number][] = [
  ["before-event-append", 60],
  ["after-event-append", 60],
  ["after-accept", 4],
  ["after-intent", 12],
  ["after-tool-return-before-result", 12],
  ["mid-llm-stream", 40],
  ["before-terminal", 4],
];
/** A process that does not reach its crash point in this time is killed. */
const REACH_MS = 6_000;
/** R2: the most time until all runs end after the last kill; much more than needed. */
const SETTLE_MS = 40_000;

export async function crash(options: HarnessOptions): Promise<Report> {
  const { kills, seed, postgres = false, clients = 8, log = () => {} } = options;
  const chance = random(seed);
  const folder = mkdtempSync(join(tmpdir(), "patchbay-crash-"));
  const oracle = await startOracle(chance);
  const database = postgres ? await startPostgres() : undefined;
  const servers = await makeServers(folder, oracle, await database?.database());
  const doors = servers.filter((server) => !server.name.startsWith("worker")).map((server) => server.origin);
  const records: Record[] = [];
  const interrupted: { record: Record; since: number }[] = [];
  const report: Report = {
    seed,
    store: postgres ? "PostgreSQL" : "SQLite",
    kills: {},
    databaseRestarts: 0,
    runs: 0,
    events: 0,
    resumed: 0,
    toolCalls: 0,
    uncertain: 0,
    streamBreaks: 0,
    recoveryMs: { p50: 0, p95: 0, max: 0 },
    startMs: { p50: 0, max: 0 },
    violations: [],
  };
  const stop = new AbortController();
  const count = (place: string) => {
    report.kills[place] = (report.kills[place] ?? 0) + 1;
  };
  try {
    await dieAtRest(servers[0]!, servers[1] ?? servers[0]!, chance, report);
    await Promise.all(servers.map((server) => server.isAlive || server.start()));
    const agent = await prepare(servers[0]!, oracle.url);

    // Clients run through all kills. Each starts a run when its last one ended.
    let enough = false;
    const busy = Array.from({ length: clients }, async (_, client) => {
      for (let n = 0; !enough && !stop.signal.aborted; n++) {
        const record: Record = { key: `${seed}-${client}-${n}`, seen: [], breaks: 0, faults: [], ended: false };
        records.push(record);
        const message = `${record.key} ${1 + Math.floor(chance() * 3)}`;
        await drive({ doors, agent, key: record.key, message, signal: stop.signal }, record);
      }
    });

    // A killed server starts again with the next crash point armed, so each start serves one kill.
    const armed = new Map<ServerProcess, FaultPoint>();
    for (let kill = 0; kill < kills; kill++) {
      const [waiting] = armed.keys();
      const server = waiting && chance() < 0.8 ? waiting : pick(servers, chance);
      const label = await die(server, armed.get(server), chance() * 900);
      armed.delete(server);
      count(label);
      // Sometimes a second worker is killed at the same moment.
      const others = servers.filter((one) => one !== server && one.name.startsWith("worker"));
      const second = server.name.startsWith("worker") && chance() < 0.25 ? pick(others, chance) : undefined;
      if (second) {
        await second.kill();
        armed.delete(second);
        count("a second worker with it");
      }
      const killedAt = performance.now();
      // Other workers continue the runs of a worker. The runs of a door or of the only server wait until it is ready.
      const takenOver = server.name.startsWith("worker");
      const hit = records.filter((record) => record.acceptedAt !== undefined && !record.ended);
      // A door does not execute runs, so it reaches few crash points. It is killed at random moments.
      const [place, within] = CRASH_POINTS[kill % CRASH_POINTS.length]!;
      const arms = kill + 1 < kills && server.name !== "door" && chance() < 0.85;
      await Promise.all([
        server.start(arms ? `${place}#${1 + Math.floor(chance() * within)}` : undefined),
        second?.start(),
      ]);
      if (arms) armed.set(server, place);
      for (const record of hit) interrupted.push({ record, since: takenOver ? killedAt : server.readyAt });
      if (database && kill === Math.floor(kills / 2)) {
        await database.restart("immediate");
        report.databaseRestarts++;
      }
      if ((kill + 1) % 20 === 0)
        log(`${kill + 1} kills, ${records.filter((record) => record.ended).length} runs ended`);
    }

    enough = true;
    // Armed servers must not be killed while the last runs end.
    for (const server of armed.keys()) {
      await server.kill();
      await server.start();
    }
    const settled = Promise.all(busy).then(() => true);
    if (!(await Promise.race([settled, pause(SETTLE_MS, false)]))) {
      const left = records.filter((record) => !record.ended);
      for (const { id, key, seen } of left)
        report.violations.push(
          `R2: ${id ?? key} did not end within ${SETTLE_MS} ms; its last event is ${JSON.stringify(seen.at(-1))}.`,
        );
    }
    await conclude(report, records, servers, oracle);
    measure(report, interrupted, servers);
    for (const server of servers)
      if ((await server.kill("SIGTERM")) !== 0)
        report.violations.push(`R9: ${server.name} did not stop with 0: ${server.errors.slice(-500)}`);
    return report;
  } finally {
    stop.abort();
    await Promise.all(servers.map((server) => server.kill()));
    await oracle.close();
    await database?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function makeServers(folder: string, oracle: Oracle, databaseUrl?: string): Promise<ServerProcess[]> {
  const env = {
    PATCHBAY_TOKEN: TOKEN,
    PATCHBAY_SECRETS_KEY: "one key for all processes of a database",
    PATCHBAY_ALLOW_HOSTS: new URL(oracle.url).host,
    OPENAI_BASE_URL: oracle.model.url,
    PATCHBAY_DEFAULT_MODEL: "openai/mock",
    ...(databaseUrl !== undefined && {
      PATCHBAY_DATABASE_URL: databaseUrl,
      PATCHBAY_FILES: join(folder, "files"),
      PATCHBAY_VECTORS: join(folder, "vectors"),
    }),
  };
  const one = async (name: string, args: string[] = []) =>
    new ServerProcess(name, await freePort(), { ...env, PATCHBAY_DATA: join(folder, name) }, args);
  if (databaseUrl === undefined) return [await one("server")];
  return [
    await one("door", ["--role", "web"]),
    await one("worker-1", ["--role", "worker"]),
    await one("worker-2", ["--role", "worker"]),
    await one("worker-3", ["--role", "worker"]),
  ];
}

/** Creates two tools that count, one of them safe to repeat, and an agent that uses both. Resolves with its id. */
async function prepare(door: ServerProcess, url: string): Promise<string> {
  for (const [name, repeatable] of [
    ["count", false],
    ["safe", true],
  ] as const)
    await call(door, "POST", "/api/tools", {
      name: `http/${name}`,
      summary: "Counts.",
      parameters: { type: "object", properties: { item: { type: "string" } }, required: ["item"] },
      effect: "write",
      repeatable,
      http: { method: "POST", url: `${url}/${name}`, headers: {}, body: '{"item":"{{item}}"}' },
    });
  const created = await call(door, "POST", "/api/agents", {
    graph: {
      format: "patchbay/1",
      name: "Counter",
      description: "",
      settings: { approvals: { "http/count": "auto", "http/safe": "auto" } },
      nodes: [
        { id: "ask", type: "input", version: 1, config: {} },
        { id: "kit", type: "tool", version: 1, config: { tools: ["http/count", "http/safe"] } },
        { id: "brain", type: "llm", version: 1, config: {} },
        { id: "reply", type: "output", version: 1, config: {} },
      ],
      edges: [
        { from: "ask.message", to: "brain.message" },
        { from: "kit.tools", to: "brain.tools" },
        { from: "brain.text", to: "reply.reply" },
      ],
    },
  });
  return ((await created.json()) as { id: string }).id;
}

/** Waits until the server is killed at its crash point, or kills it: after `ms`, or when it does not reach the point. */
async function die(server: ServerProcess, place: FaultPoint | undefined, ms: number): Promise<string> {
  if (place !== undefined) {
    const died = await Promise.race([server.ended.then(() => true), pause(REACH_MS, false)]);
    if (died) return place;
  } else await pause(ms);
  await server.kill();
  return "random moment";
}

async function conclude(report: Report, records: Record[], servers: ServerProcess[], oracle: Oracle): Promise<void> {
  for (const record of records) {
    report.streamBreaks += record.breaks;
    if (record.id === undefined) {
      report.violations.push(...record.faults);
      continue;
    }
    const events = await eventsOf(servers[0]!, record.id);
    const verdict = judge(record, events, oracle.calls);
    report.runs++;
    report.events += events.length;
    report.toolCalls += events.filter((event) => event.type === "tool-start").length;
    report.resumed += verdict.resumed;
    report.uncertain += verdict.uncertain;
    report.violations.push(...verdict.violations.map((what) => `${record.id}: ${what}`));
  }
  for (const server of servers) {
    const [bug] = /^.*(?:TypeError|ReferenceError|Unexpected:)[\s\S]{0,1000}/m.exec(server.errors) ?? [];
    if (bug) report.violations.push(`${server.name} logged: ${bug}`);
  }
}

async function eventsOf(door: ServerProcess, run: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for (;;) {
    const response = await call(door, "GET", `/api/runs/${run}/events?after=${events.at(-1)?.seq ?? ""}`);
    const page = ((await response.json()) as { events: RunEvent[] }).events;
    if (page.length === 0) return events;
    events.push(...page);
  }
}

function measure(report: Report, interrupted: { record: Record; since: number }[], servers: ServerProcess[]): void {
  // A run that was hit again before it ended counts from the last kill.
  const last = new Map<Record, number>();
  for (const { record, since } of interrupted) last.set(record, since);
  const times = [...last].flatMap(([record, since]) =>
    record.endedAt === undefined ? [] : [Math.max(0, record.endedAt - since)],
  );
  const starts = servers.flatMap((server) => server.starts);
  report.recoveryMs = { p50: share(times, 0.5), p95: share(times, 0.95), max: share(times, 1) };
  report.startMs = { p50: share(starts, 0.5), max: share(starts, 1) };
}

/** The rounded percentile; 0 without values. */
function share(values: number[], part: number): number {
  return Math.round(percentile(values, part) || 0);
}

function pick<T>(from: T[], chance: () => number): T {
  return from[Math.floor(chance() * from.length)]!;
}

/** Mulberry32: small, and the same everywhere. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
