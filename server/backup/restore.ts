/**
 * Restores a backup: checks the whole file first, then adds its contents. Records are added last and in one transaction, so
 * that an instance gets all of a backup or nothing. Bytes without a record are swept later.
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
import { fileOf, isBackedUp, kindName, nameOf, restored, rootOf } from "./kinds.ts";
import { readBackup } from "./read.ts";
import { openSecretsText } from "./sealed-secrets.ts";
import { checkRecord } from "./shapes.ts";
import type { BackupDeps } from "./write.ts";

export interface RestoreDeps extends BackupDeps {
  /** As `EventLog.append`, without metrics and notices. */
  append: EventLog["append"];
  /** Called after the records are added, to rebuild what derives from them. */
  restored(): Promise<void>;
}

export interface RestoreOptions {
  /** Adds to the existing data; existing records stay. Otherwise the instance must be empty. */
  merge?: boolean;
  passphrase?: string;
  /** Skips the secrets in the backup. */
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

/** Records per page that is added. */
const PAGE = 200;

/**
 * Rejects as `readBackup` does, with `conflict` when the instance is not empty or was changed meanwhile, and with
 * `bad_request` or `forbidden` for the passphrase. Then nothing was changed.
 */
export async function restoreBackup(
  deps: RestoreDeps,
  path: string,
  options: RestoreOptions,
  signal?: AbortSignal,
): Promise<RestoreReport> {
  const plan = await checkBackup(deps, path, options, signal);
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
          async line(part, value, where) {
            if (part === "runs") await addRun(deps, runLine(value, where), runs);
          },
        },
        signal,
      );
    signal?.throwIfAborted();
    await deps.records.addAll(recordsToAdd(path, plan, deps));
  } catch (error) {
    for (const run of runs) await deps.log.delete(run).catch(() => undefined);
    if (signal?.aborted) throw new PatchbayError("cancelled", "The restore was cancelled. Nothing was changed.");
    throw error;
  }
  report.runs = runs.length;
  await deps.restored();
  return report;
}

interface Plan {
  head: Head;
  report: RestoreReport;
  /** Records that are not added: they exist unchanged, or belong to a root that exists in another form. */
  skip: Set<string>;
  secrets: Map<string, string>;
  /** Hashes of the files that the added records refer to. */
  blobs: Set<string>;
}

/** Finds all errors and conflicts before anything is changed. */
async function checkBackup(
  deps: RestoreDeps,
  path: string,
  options: RestoreOptions,
  signal: AbortSignal | undefined,
): Promise<Plan> {
  if (!options.merge) await assertEmpty(deps);
  const roots = new Map<string, string[]>();
  /** Existing records that differ, by root. */
  const conflicting = new Map<string, WholeRecord>();
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
      async line(part, value, where) {
        if (part === "runs") return void runLine(value, where);
        const record = recordLine(value, where);
        const key = keyOf(record);
        if (kindOf.has(key)) throw broken(`${where}: the ${record.kind} "${record.id}" is duplicated`);
        const root = rootOf(record);
        kindOf.set(key, record.kind);
        roots.set(root, [...(roots.get(root) ?? []), key]);
        if (record.kind === FILE) hashes.set(record.id, (record.body as FileRecord).sha256);
        const file = fileOf(record);
        if (file !== undefined) filesOf.set(root, [...(filesOf.get(root) ?? []), file]);
        if (record.kind === "agent") agents.set(root, named(record));
        if (record.kind === "mcp-server") toApprove.push(record.id);
        const existing = options.merge ? await deps.records.get(record.kind, record.id) : undefined;
        if (!existing) return;
        if (JSON.stringify(existing.body) === JSON.stringify(record.body)) {
          same++;
          skip.add(key);
          return;
        }
        // Of all conflicts of an agent, that of its slug is reported.
        if (!conflicting.has(root) || record.kind === "publication") conflicting.set(root, named(record));
      },
    },
    signal,
  );
  const secrets = await secretsOf(deps, sealed, options);
  for (const root of conflicting.keys()) {
    for (const key of roots.get(root) ?? []) skip.add(key);
    for (const file of filesOf.get(root) ?? []) skip.add(`${FILE} ${file}`);
  }
  const blobs = new Set<string>();
  for (const [key, kind] of kindOf) {
    if (skip.has(key)) continue;
    added[kind] = (added[kind] ?? 0) + 1;
    if (kind === FILE) blobs.add(hashes.get(key.slice(FILE.length + 1))!);
  }
  const conflicts = [...conflicting].map(([root, record]) => conflictOf(record, agents.get(root)));
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
  const stays = "exists here in another form, which is kept";
  if (!agent) return { kind, id, name: nameOf({ kind, id, ...record }), reason: `it ${stays}` };
  const what = kind === "agent" ? "it" : kind === "publication" ? `its slug "${id}"` : `its ${kind} "${id}"`;
  return { kind: "agent", id: agent.id, name: nameOf(agent), reason: `${what} ${stays}` };
}

async function assertEmpty({ records }: RestoreDeps): Promise<void> {
  for await (const page of records.snapshot())
    for (const { kind, id } of page)
      if (isBackedUp(kind))
        throw new PatchbayError(
          "conflict",
          `This instance is not empty (it has the ${kind} "${id}"). Restore into an empty PATCHBAY_DATA or database, or merge the backup into the existing data. Nothing was changed.`,
        );
}

async function secretsOf({ secrets }: RestoreDeps, sealed: string | undefined, options: RestoreOptions) {
  const wanted = new Map<string, string>();
  const conflicts: RestoreReport["conflicts"] = [];
  if (sealed === undefined || options.withoutSecrets) return { wanted, conflicts };
  if (options.passphrase === undefined)
    throw new PatchbayError(
      "bad_request",
      "This backup contains secrets. Enter its passphrase, or restore without secrets. Nothing was changed.",
      { path: "/passphrase" },
    );
  const existing = await secrets.values();
  for (const [name, value] of await openSecretsText(sealed, options.passphrase)) {
    if (!existing.has(name)) wanted.set(name, value);
    else if (existing.get(name) !== value)
      conflicts.push({ kind: "secret", id: name, name, reason: "it has another value here, which is kept" });
  }
  return { wanted, conflicts };
}

/** The records to add, in pages. */
async function* recordsToAdd(path: string, plan: Plan, deps: RestoreDeps): AsyncGenerator<WholeRecord[]> {
  const now = deps.now();
  const secrets = [...plan.secrets].map(([name, value]) => ({
    ...deps.secrets.sealed(name, value),
    revision: 1,
    createdAt: now,
    updatedAt: now,
  }));
  if (secrets.length > 0) yield secrets;
  // Converts the callbacks of the reader to an iterable, one page at a time.
  const { readable, writable } = new TransformStream<WholeRecord[], WholeRecord[]>();
  const writer = writable.getWriter();
  let page: WholeRecord[] = [];
  const reading = readBackup(path, {
    async line(part, value, where) {
      if (part !== "records") return;
      const record = recordLine(value, where);
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

/** Appends all events of a run at once, so that they are stored in one transaction: a partial run would be resumed. */
async function addRun(deps: RestoreDeps, line: z.infer<typeof RunLine>, added: string[]): Promise<void> {
  const { log } = deps;
  if ("graph" in line) return log.saveGraph(line.graph, line.body as unknown as Graph);
  if (await log.row(line.run)) return;
  const events = line.events as unknown as RunEvent[];
  added.push(line.run);
  await Promise.all(events.map((event, i) => deps.append(event, { urgent: i === events.length - 1 })));
  if (line.rating) await log.rate(line.run, line.rating);
}

function runLine(value: unknown, where: string): z.infer<typeof RunLine> {
  const line = RunLine.safeParse(value);
  if (!line.success) throw broken(`${where} is not a run`);
  if ("graph" in line.data) return line.data;
  const { run, events } = line.data;
  const whole =
    events[0]?.type === "run-start" &&
    events.every((event, i) => event.run === run && event.seq === i) &&
    events.findIndex((event) => TERMINAL.has(event.type as RunEvent["type"])) === events.length - 1;
  if (!whole) throw broken(`${where} is not an ended run`);
  return line.data;
}

function recordLine(value: unknown, where: string): WholeRecord {
  const record = RecordLine.safeParse(value);
  if (!record.success) throw broken(`${where} is not a record`);
  if (!isBackedUp(record.data.kind)) throw broken(`${where}: records of kind ${record.data.kind} are not allowed`);
  const problem = checkRecord(record.data);
  if (problem !== undefined) throw broken(`${where} is not a valid ${kindName(record.data.kind)} (${problem})`);
  return record.data;
}

/** The record with only the name of its body, to save memory. */
function named(record: WholeRecord): WholeRecord {
  return { ...record, body: { name: nameOf(record) } };
}

function keyOf({ kind, id }: WholeRecord): string {
  return `${kind} ${id}`;
}
