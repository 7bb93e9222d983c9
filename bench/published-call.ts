/**
 * A published call compared with a bare handler that only forwards to the same mock model, by plain fetch and by a
 * pooled client. Each is a process of its own, all in one run; the events of every run are stored with full sync.
 */
import { freePort } from "../server/testing/free-port.ts";
import { type LoadResult, load, together } from "./load.ts";
import { round } from "./numbers.ts";
import { originOf, type Program, startFlags } from "./processes.ts";
import { MESSAGE, publishAgents, withServers } from "./published-agents.ts";

const CONNECTIONS = [1, 16, 64];
/** Seconds of one measurement, and of the warm-up before it. */
const SLICE = 0.5;
const WARM_UP = 3;

interface Target {
  origin: string;
  path: string;
  headers?: Record<string, string>;
  program: Program;
}

interface Row extends Omit<LoadResult, "times"> {
  target: string;
  shape: string;
  connections: number;
  /** CPU milliseconds of the process per call. */
  cpuMs: number;
  rssMb: number;
}

export async function run({ full = false }: { full?: boolean } = {}) {
  const seconds = full ? 15 : 4;
  return await withServers(async ({ model, keep, server }) => {
    const barePort = await freePort();
    const bare = await keep("bench/bare-forwarder.ts", [String(barePort), model, "fetch"]);
    const pooledPort = await freePort();
    const pooled = await keep("bench/bare-forwarder.ts", [String(pooledPort), model, "pooled"]);
    const patchbay = await server("data", [], {}, startFlags());
    const origin = originOf(patchbay);
    const key = await publishAgents(origin);
    const before = { bare: bare.rss(), patchbay: patchbay.rss() };

    const headers = { authorization: `Bearer ${key}` };
    const rows: Row[] = [];
    for (const shape of ["plain", "tool"]) {
      const targets: [string, Target][] = [
        ["bare", { origin: `http://127.0.0.1:${barePort}`, path: `/${shape}`, program: bare }],
        ["pooled", { origin: `http://127.0.0.1:${pooledPort}`, path: `/${shape}`, program: pooled }],
        ["patchbay", { origin, path: `/v1/agents/${shape}/runs`, headers, program: patchbay }],
      ];
      for (const [, target] of targets) await measure(target, 16, WARM_UP);
      for (const connections of CONNECTIONS) {
        const slices: Record<string, LoadResult[]> = { bare: [], pooled: [], patchbay: [] };
        const cpu: Record<string, number> = { bare: 0, pooled: 0, patchbay: 0 };
        // Alternating, so that other load on the machine affects all targets equally.
        for (let slice = 0; slice < seconds / SLICE; slice++)
          for (const [label, target] of targets) {
            const before = target.program.cpu();
            slices[label]!.push(await measure(target, connections, SLICE));
            cpu[label]! += target.program.cpu() - before;
          }
        for (const [label, target] of targets) {
          const { times: _times, ...result } = together(slices[label]!);
          rows.push({
            target: label,
            shape,
            connections,
            ...result,
            cpuMs: (cpu[label]! * 1000) / result.requests,
            rssMb: target.program.rss() / 2 ** 20,
          });
        }
      }
    }
    const after = { bare: bare.rss(), patchbay: patchbay.rss() };
    return report(rows, { before, after, coldStartMs: { bare: bare.startMs, patchbay: patchbay.startMs } });
  });
}

function measure(target: Target, connections: number, seconds: number): Promise<LoadResult> {
  return load({
    ...target,
    body: MESSAGE,
    connections,
    seconds,
    verify(status, body) {
      if (status !== 200 || (target.headers && !body.includes('"status":"done"')))
        throw new Error(`${target.path} returned ${status}: ${body.slice(0, 300)}`);
    },
  });
}

function report(
  rows: Row[],
  facts: { before: Record<string, number>; after: Record<string, number>; coldStartMs: Record<string, number> },
) {
  const find = (target: string, shape: string, connections: number) =>
    rows.find((row) => row.target === target && row.shape === shape && row.connections === connections)!;
  console.table(
    rows.map((row) => ({
      what: `${row.shape}, ${row.target}`,
      connections: row.connections,
      "calls/s": Math.round(row.perSecond),
      "p50 ms": round(row.p50Ms, 3),
      "p95 ms": round(row.p95Ms, 3),
      "CPU ms/call": round(row.cpuMs, 3),
      "RSS MB": Math.round(row.rssMb),
    })),
  );
  const summary = ["plain", "tool"].flatMap((shape) =>
    CONNECTIONS.map((connections) => {
      const bare = find("bare", shape, connections);
      const pooled = find("pooled", shape, connections);
      const own = find("patchbay", shape, connections);
      return {
        shape,
        connections,
        shareOfBare: round(own.perSecond / bare.perSecond, 3),
        shareOfPooled: round(own.perSecond / pooled.perSecond, 3),
        addedP50Ms: round(own.p50Ms - bare.p50Ms, 3),
        addedP95Ms: round(own.p95Ms - bare.p95Ms, 3),
      };
    }),
  );
  console.table(summary);
  const mb = (bytes: number) => Math.round(bytes / 2 ** 20);
  const memory = {
    bareMb: [mb(facts.before.bare!), mb(facts.after.bare!)],
    patchbayMb: [mb(facts.before.patchbay!), mb(facts.after.patchbay!)],
    addedMb: mb(facts.after.patchbay! - facts.after.bare!),
  };
  console.log(
    `memory before and after: bare ${memory.bareMb.join(" → ")} MB, patchbay ${memory.patchbayMb.join(" → ")} MB (${memory.addedMb} MB more)`,
  );
  console.log(
    `cold start: bare ${Math.round(facts.coldStartMs.bare!)} ms, patchbay ${Math.round(facts.coldStartMs.patchbay!)} ms`,
  );
  return { rows, summary, memory, coldStartMs: facts.coldStartMs };
}
