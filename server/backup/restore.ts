/**
 * Restores a backup: looks through all of it first, then adds what is wanted. The records come last and all at once, so
 * that an instance has all of a backup or nothing of it; bytes without a record are swept away by themselves.
 */
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { type RunEvent, TERMINAL } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { Conflict, RestoreReport } from "../contract/backup.ts";
import { FILE, type FileRecord } from "../stores/blobs/files.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { WholeRecord } from "../stores/records.ts";
import { broken, type Head, RecordLine } from "./format.ts";
import { faultOf, fileOf, isBackedUp, nameOf, restored, rootOf } from "./kinds.ts";
import { readBackup } from "./read.ts";
import { openSecretsText } from "./sealed-secrets.ts";
import type { BackupDeps } from "./write.ts";

export interface RestoreDeps extends BackupDeps {
  /** Appends to the log as `EventLog.append` does, and nobody is told. */
  append: EventLog["append"];
  /** Called when the records are there: what is made from them is made anew. */
  restored(): Promise<void>;
}

export interface RestoreOptions {
  /** Adds to what is here; what is here under the same name stays. Else the instance must be empty. */
  merge?: boolean;
  passphrase?: string;
  /** Secrets in the backup are left out. */
  withoutSecrets?: boolean;
}

const RunLine = z.union([
  z.object({ graph: z.string().max(200), body: z.looseObject({}) }),
  z.object({
    run: z.string().max(100),
    events: z.array(z.looseObject({ run: z.string(), seq: z.number().int(), type: z.string() })).min(1),
    rating: z.object({ score: z.number(), comment: z.string().optional() }).optional(),
  }),
]);

/** How many records are looked up, or added, at once. */
const PAGE = 200;

/**
 * `path`: a whole file. Rejects with what `readBackup` rejects with, `conflict` where the instance is not empty, or
 * where somebody changed it meanwhile, `bad_request` and `forbidden` for the passphrase. Nothing is then changed.
 */
export async function restoreBackup(
  deps: RestoreDeps,
  path: string,
  options: RestoreOptions,
  signal?: AbortSignal,
): Promise<RestoreReport> {
  const plan = await lookThrough(deps, path, options, signal);
  const { report } = plan;
  await readBackup(
    path,
    {
      async file(sha256, size, bytes) {
        if (plan.blobs.has(sha256)) await deps.blobs.putStream(sha256, size, bytes);
      },
    },
    signal,
  );
  const runs: string[] = [];
  try {
    if (plan.head.runs)
      await readBackup(
        path,
        {
          async line(part, value, place) {
            if (part === "runs") await addRun(deps, runLine(value, place), runs);
          },
        },
        signal,
      );
    signal?.throwIfAborted();
    await deps.records.addAll(wanted(path, plan, deps));
  } catch (error) {
    for (const run of runs) await deps.log.delete(run).catch(() => undefined);
    if (signal?.aborted) throw new PatchbayError("cancelled", "It was cancelled. Nothing was changed.");
    throw error;
  }
  report.runs = runs.length;
  await deps.restored();
  return report;
}

interface Plan {
  head: Head;
  report: RestoreReport;
  /** Records that are not added: they are here in the same form, or belong to something that is here in another. */
  skip: Set<string>;
  secrets: Map<string, string>;
  /** Hashes of the bytes that records to be added rest on. */
  blobs: Set<string>;
}

/** All that can go wrong goes wrong here, before anything is changed. */
async function lookThrough(
  deps: RestoreDeps,
  path: string,
  options: RestoreOptions,
  signal: AbortSignal | undefined,
): Promise<Plan> {
  if (!options.merge) await mustBeEmpty(deps);
  const roots = new Map<string, string[]>();
  /** By root: what of it is here in another form. */
  const taken = new Map<string, WholeRecord>();
  const agents = new Map<string, WholeRecord>();
  const skip = new Set<string>();
  const hashes = new Map<string, string>();
  const added: Record<string, number> = {};
  const kindOf = new Map<string, string>();
  const filesOf = new Map<string, string[]>();
  const toApprove: string[] = [];
  let same = 0;
  const { head, secrets: sealed } = await readBackup(
    path,
    {
      async line(part, value, place) {
        if (part === "runs") return void runLine(value, place);
        const record = recordLine(value, place);
        const key = keyOf(record);
        if (kindOf.has(key)) throw broken(`${place}: the ${record.kind} "${record.id}" is there twice`);
        const root = rootOf(record);
        kindOf.set(key, record.kind);
        roots.set(root, [...(roots.get(root) ?? []), key]);
        if (record.kind === FILE) hashes.set(record.id, (record.body as FileRecord).sha256);
        const file = fileOf(record);
        if (file !== undefined) filesOf.set(root, [...(filesOf.get(root) ?? []), file]);
        if (record.kind === "agent") agents.set(root, named(record));
        if (record.kind === "mcp-server") toApprove.push(record.id);
        const here = options.merge ? await deps.records.get(record.kind, record.id) : undefined;
        if (!here) return;
        if (JSON.stringify(here.body) === JSON.stringify(record.body)) {
          same++;
          skip.add(key);
          return;
        }
        // Of all that an agent is taken by, its address says most.
        if (!taken.has(root) || record.kind === "publication") taken.set(root, named(record));
      },
    },
    signal,
  );
  const secrets = await secretsOf(deps, sealed, options);
  for (const root of taken.keys()) {
    for (const key of roots.get(root) ?? []) skip.add(key);
    for (const file of filesOf.get(root) ?? []) skip.add(`${FILE} ${file}`);
  }
  const blobs = new Set<string>();
  for (const [key, kind] of kindOf) {
    if (skip.has(key)) continue;
    added[kind] = (added[kind] ?? 0) + 1;
    if (kind === FILE) blobs.add(hashes.get(key.slice(FILE.length + 1))!);
  }
  const conflicts = [...taken].map(([root, record]) => conflictOf(record, agents.get(root)));
  return {
    head,
    skip,
    blobs,
    secrets: secrets.wanted,
    report: {
      createdAt: head.createdAt,
      version: head.version,
      added,
      files: blobs.size,
      runs: 0,
      secrets: secrets.wanted.size,
      same,
      conflicts: [...conflicts, ...secrets.conflicts],
      toApprove: toApprove.filter((name) => !skip.has(`mcp-server ${name}`)),
    },
  };
}

function conflictOf({ kind, id, ...record }: WholeRecord, agent: WholeRecord | undefined): z.infer<typeof Conflict> {
  const stays = "is here in another form, which stays as it is";
  if (!agent) return { kind, id, name: nameOf({ kind, id, ...record }), reason: `it ${stays}` };
  const what = kind === "agent" ? "it" : kind === "publication" ? `its address "${id}"` : `its ${kind} "${id}"`;
  return { kind: "agent", id: agent.id, name: nameOf(agent), reason: `${what} ${stays}` };
}

async function mustBeEmpty({ records }: RestoreDeps): Promise<void> {
  for await (const page of records.snapshot())
    for (const { kind, id } of page)
      if (isBackedUp(kind))
        throw new PatchbayError(
          "conflict",
          `This instance is not empty (there is a ${kind} "${id}"): restore into an empty PATCHBAY_DATA or database, or merge the backup into what is here. Nothing was changed.`,
        );
}

async function secretsOf({ secrets }: RestoreDeps, sealed: string | undefined, options: RestoreOptions) {
  const wanted = new Map<string, string>();
  const conflicts: RestoreReport["conflicts"] = [];
  if (sealed === undefined || options.withoutSecrets) return { wanted, conflicts };
  if (options.passphrase === undefined)
    throw new PatchbayError(
      "bad_request",
      "This backup holds secrets: give its passphrase, or say that they be left out. Nothing was changed.",
      { path: "/passphrase" },
    );
  const here = await secrets.values();
  for (const [name, value] of await openSecretsText(sealed, options.passphrase)) {
    if (!here.has(name)) wanted.set(name, value);
    else if (here.get(name) !== value)
      conflicts.push({ kind: "secret", id: name, name, reason: "it has another value here, which stays" });
  }
  return { wanted, conflicts };
}

/** The records to be added, page by page. */
async function* wanted(path: string, plan: Plan, deps: RestoreDeps): AsyncGenerator<WholeRecord[]> {
  const now = deps.now();
  const secrets = [...plan.secrets].map(([name, value]) => ({
    ...deps.secrets.sealed(name, value),
    revision: 1,
    createdAt: now,
    updatedAt: now,
  }));
  if (secrets.length > 0) yield secrets;
  // A reader that is pushed to, turned into one that is pulled from: a page at a time.
  const { readable, writable } = new TransformStream<WholeRecord[], WholeRecord[]>();
  const writer = writable.getWriter();
  let page: WholeRecord[] = [];
  const reading = readBackup(path, {
    async line(part, value, place) {
      if (part !== "records") return;
      const record = recordLine(value, place);
      if (plan.skip.has(keyOf(record))) return;
      page.push(restored(record));
      if (page.length < PAGE) return;
      await writer.write(page);
      page = [];
    },
  }).then(
    async () => {
      if (page.length > 0) await writer.write(page);
      await writer.close();
    },
    (error: unknown) => writer.abort(error),
  );
  reading.catch(() => undefined);
  yield* readable;
  await reading;
}

/** All events of a run are given at once, so that they are stored in one transaction: half a run would be gone on with. */
async function addRun(deps: RestoreDeps, line: z.infer<typeof RunLine>, added: string[]): Promise<void> {
  const { log } = deps;
  if ("graph" in line) return log.saveGraph(line.graph, line.body as unknown as Graph);
  if (await log.row(line.run)) return;
  const events = line.events as unknown as RunEvent[];
  added.push(line.run);
  await Promise.all(events.map((event, i) => deps.append(event, { urgent: i === events.length - 1 })));
  if (line.rating) await log.rate(line.run, line.rating);
}

function runLine(value: unknown, place: string): z.infer<typeof RunLine> {
  const line = RunLine.safeParse(value);
  if (!line.success) throw broken(`${place} is not a run`);
  if ("graph" in line.data) return line.data;
  const { run, events } = line.data;
  const whole =
    events[0]?.type === "run-start" &&
    events.every((event, i) => event.run === run && event.seq === i) &&
    events.findIndex((event) => TERMINAL.has(event.type as RunEvent["type"])) === events.length - 1;
  if (!whole) throw broken(`${place} is not a run that has ended`);
  return line.data;
}

function recordLine(value: unknown, place: string): WholeRecord {
  const record = RecordLine.safeParse(value);
  if (!record.success) throw broken(`${place} is not a record`);
  if (!isBackedUp(record.data.kind)) throw broken(`${place}: a ${record.data.kind} has no place in one`);
  const fault = faultOf(record.data);
  if (fault) throw broken(`${place} is not ${fault}`);
  return record.data;
}

/** A record with no more of its body than its name: many are kept. */
function named(record: WholeRecord): WholeRecord {
  return { ...record, body: { name: nameOf(record) } };
}

function keyOf({ kind, id }: WholeRecord): string {
  return `${kind} ${id}`;
}
