/**
 * A thousand runs that wait for a person, and five hundred open streams: memory per waiting run and per stream, and the
 * time of a start with and without waiting runs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "undici";
import { round } from "./numbers.ts";
import { originOf, type Program, start, startFlags } from "./processes.ts";
import { TOKEN } from "./published-agents.ts";

export const quick = false;

export async function run({ full = false }: { full?: boolean } = {}) {
  const waits = full ? 5_000 : 1_000;
  const streams = full ? 1_000 : 500;
  const folder = mkdtempSync(join(tmpdir(), "patchbay-bench-"));
  let server: Program | undefined;
  const begin = async () =>
    start(
      "server/start.mjs",
      ["--no-editor"],
      { PORT: "0", PATCHBAY_DATA: folder, PATCHBAY_TOKEN: TOKEN },
      startFlags(),
    );
  try {
    /** Starts the server three times and leaves the last one running. */
    const startAgain = async () => {
      let program: Program | undefined;
      let ms = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 3; i++) {
        await program?.stop();
        program = await begin();
        server = program;
        ms = Math.min(ms, program.startMs);
      }
      return { program: program!, ms };
    };
    const empty = await startAgain();
    server = empty.program;
    const origin = originOf(server);
    const pool = new Pool(origin, { connections: 32 });
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const graph = {
      format: "patchbay/1",
      name: "Asks",
      nodes: [
        { id: "ask", type: "input", version: 1, config: {} },
        { id: "person", type: "approval", version: 1, config: {} },
        { id: "reply", type: "output", version: 1, config: {} },
      ],
      edges: [
        { from: "ask.message", to: "person.value" },
        { from: "person.approved", to: "reply.reply" },
        { from: "person.rejected", to: "reply.reply" },
      ],
    };
    const body = JSON.stringify({ graph, input: { message: "May I?" } });
    const ids: string[] = [];
    const ask = async () => {
      const answer = await pool.request({ method: "POST", path: "/api/runs", headers, body });
      const result = (await answer.body.json()) as { id: string; status: string };
      if (result.status !== "waiting") throw new Error(`A run is ${result.status}.`);
      return result.id;
    };
    const askAll = async () => {
      for (let n = 0; n < waits; n += 32)
        ids.push(...(await Promise.all(Array.from({ length: Math.min(32, waits - n) }, ask))));
      await pause(1_000);
    };
    // The heap grows during the first thousands of runs; growth after that is due to waiting runs.
    for (let i = 0; i < 3; i++) await askAll();
    const before = server.rss();
    await askAll();
    const waitingMb = (server.rss() - before) / 2 ** 20;

    // Every stream gets the same run's events, and a heartbeat; then the run is answered and all of them end.
    const run = ids[0]!;
    const cpuBefore = server.cpu();
    const rssBefore = server.rss();
    const followers = new Pool(origin, { connections: streams });
    let open = 0;
    const opened = Promise.withResolvers<void>();
    const ended = Array.from({ length: streams }, async () => {
      const answer = await followers.request({
        method: "GET",
        path: `/api/runs/${run}/events`,
        headers: { ...headers, accept: "text/event-stream" },
        bodyTimeout: 0,
      });
      let text = "";
      let counted = false;
      for await (const chunk of answer.body) {
        text += chunk;
        if (!counted && text.includes("event: run-wait")) {
          counted = true;
          if (++open === streams) opened.resolve();
        }
      }
      return (text.match(/^id: /gm) ?? []).length;
    });
    await opened.promise;
    await pause(1_000);
    const streamsMb = (server.rss() - rssBefore) / 2 ** 20;
    const answeredAt = performance.now();
    const stored = (await (await pool.request({ method: "GET", path: `/api/runs/${run}`, headers })).body.json()) as {
      waits: { wait: string }[];
    };
    const answer = JSON.stringify({ wait: stored.waits[0]!.wait, choice: "approve" });
    await (await pool.request({ method: "POST", path: `/api/runs/${run}/answer`, headers, body: answer })).body.dump();
    const counts = new Set(await Promise.all(ended));
    const allReceivedMs = performance.now() - answeredAt;
    const streamsCpu = server.cpu() - cpuBefore;
    if (counts.size !== 1) throw new Error("The streams saw different events.");
    await pool.destroy();
    await followers.destroy();

    await server.stop();
    const waiting = await startAgain();
    await pause(1_000);
    const report = {
      waits: ids.length,
      waitingMb: round(waitingMb, 1),
      kbPerWait: round((waitingMb * 1024) / waits, 1),
      streams,
      streamsMb: round(streamsMb, 1),
      allReceivedMs: Math.round(allReceivedMs),
      streamsCpuSeconds: round(streamsCpu, 1),
      startMs: Math.round(empty.ms),
      startWithWaitsMs: Math.round(waiting.ms),
      "start, with / without waits": round(waiting.ms / empty.ms, 1),
      afterRestartMb: Math.round(waiting.program.rss() / 2 ** 20),
    };
    console.table(report);
    return report;
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
