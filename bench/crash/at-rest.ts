/**
 * Crash points outside runs: a migration, an upload, an index update. A server is killed once at each and must be
 * consistent after its restart.
 */
import { setTimeout as pause } from "node:timers/promises";
import { TOKEN } from "./client.ts";
import type { ServerProcess } from "./process.ts";

/** The least migrations of a new server, on both stores. */
const MIGRATIONS = 3;
const INDEX_MS = 60_000;

export interface AtRestReport {
  kills: { [place: string]: number };
  violations: string[];
}

/**
 * `door` receives calls, `indexer` runs tasks (they may be the same). Neither is started before; only `door` runs
 * afterwards. `chance` in [0, 1) chooses the migration.
 */
export async function dieAtRest(
  door: ServerProcess,
  indexer: ServerProcess,
  chance: () => number,
  report: AtRestReport,
): Promise<void> {
  const waitForKill = async (server: ServerProcess, place: string) => {
    const hasEnded = await Promise.race([server.ended.then(() => true), pause(INDEX_MS, false)]);
    if (hasEnded) report.kills[place] = (report.kills[place] ?? 0) + 1;
    else report.violations.push(`${server.name} did not reach ${place}.`);
    await server.kill();
  };

  // An interrupted migration is repeated at the next start.
  await door.start(`mid-migration#${1 + Math.floor(chance() * MIGRATIONS)}`);
  await waitForKill(door, "mid-migration");

  // An interrupted upload leaves nothing and can be repeated.
  const bytes = "A line of the file. ".repeat(20_000);
  const upload = async () => {
    const form = new FormData();
    form.append("file", new File([bytes], "lines.txt", { type: "text/plain" }));
    const answer = await call(door, "POST", "/api/files", form);
    return ((await answer.json()) as { id: string }).id;
  };
  await door.start("mid-upload#1");
  const cut = await upload().catch(() => undefined);
  await waitForKill(door, "mid-upload");
  await door.start(door === indexer ? "mid-index#1" : undefined);
  if (cut !== undefined) report.violations.push("An interrupted upload returned a response.");
  const stored = await (await call(door, "GET", `/api/files/${await upload()}`)).text();
  if (stored !== bytes) report.violations.push("An upload after an interrupted one is incomplete.");

  // A document whose indexing was interrupted is indexed once.
  if (indexer !== door) await indexer.start("mid-index#1");
  await call(door, "POST", "/api/knowledge", { name: "crash" });
  await call(door, "POST", "/api/knowledge/crash/documents", { title: "Whales", text: "A whale is no fish." });
  await waitForKill(indexer, "mid-index");
  await indexer.start();
  let status = "";
  for (const began = performance.now(); status !== "ready" && performance.now() - began < INDEX_MS; await pause(100)) {
    const answer = await call(door, "GET", "/api/knowledge/crash/documents");
    status = ((await answer.json()) as { documents: { status: string }[] }).documents[0]?.status ?? "gone";
  }
  if (status !== "ready") report.violations.push(`A document whose indexing was interrupted is ${status}.`);
  const found = await call(door, "GET", "/api/knowledge/crash/search?q=whale&limit=10");
  const { hits } = (await found.json()) as { hits: unknown[] };
  if (hits.length !== 1) report.violations.push(`The passage is found ${hits.length} times.`);
  if (indexer !== door) await indexer.kill();
}

export async function call(
  server: ServerProcess,
  method: string,
  path: string,
  body?: FormData | object,
): Promise<Response> {
  const answer = await fetch(server.origin + path, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body && !(body instanceof FormData) && { "content-type": "application/json" }),
    },
    body: body instanceof FormData ? body : body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}
