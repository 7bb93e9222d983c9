/** Writes a backup as a stream: the records of one moment, then files and runs, with at most one part in memory. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { pipeline, type Readable, type Writable } from "node:stream";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { errorData, PatchbayError } from "../../runtime/error.ts";
import type { RunEvent } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { RunRow } from "../contract/run.ts";
import type { Secrets } from "../secrets/service.ts";
import type { Blobs } from "../stores/blobs/blobs.ts";
import { FILE, type FileRecord, type FileStore } from "../stores/blobs/files.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { Records } from "../stores/records.ts";
import { FORMAT, HEAD, type Head, MANIFEST, type Manifest, PART_BYTES, partName, SECRETS } from "./format.ts";
import { isBackedUp } from "./kinds.ts";
import { sealSecrets } from "./sealed-secrets.ts";

export interface BackupDeps {
  records: Records;
  secrets: Secrets;
  files: Pick<FileStore, "hold">;
  blobs: Blobs;
  log: EventLog;
  version: string;
  now(): number;
}

export interface BackupOptions {
  /** Includes ended runs, with all their events. */
  runs?: boolean;
  /** Includes secrets, encrypted with this passphrase. */
  passphrase?: string;
}

const EVENTS_PAGE = 1000;
const RUNS_PAGE = 200;
/** Maximum length of the events of a run, as JSON. */
const MAX_RUN_LENGTH = 64 * 2 ** 20;

/**
 * The bytes of a backup. A later failure destroys the stream; a reader that stops ends the backup. Rejects with
 * `bad_request` for a passphrase that is too short.
 */
export async function writeBackup(deps: BackupDeps, options: BackupOptions): Promise<Readable> {
  const sealed =
    options.passphrase === undefined ? undefined : await sealSecrets(await deps.secrets.values(), options.passphrase);
  const archive = pack();
  const zipped = createGzip({ level: 5 });
  const release = deps.files.hold();
  pipeline(archive as AsyncIterable<Uint8Array>, zipped, () => {
    release();
    archive.destroy();
  });
  write(deps, new Entries(archive), options, sealed).then(
    () => archive.finalize(),
    (thrown: unknown) => archive.destroy(thrown instanceof Error ? thrown : new Error(errorData(thrown).message)),
  );
  return zipped;
}

async function write(
  deps: BackupDeps,
  entries: Entries,
  options: BackupOptions,
  sealed: string | undefined,
): Promise<void> {
  const head: Head = {
    format: FORMAT,
    version: deps.version,
    createdAt: deps.now(),
    secrets: sealed !== undefined,
    runs: options.runs === true,
  };
  await entries.add(HEAD, JSON.stringify(head));
  if (sealed !== undefined) await entries.add(SECRETS, sealed);

  const { counts, blobs } = await writeRecords(deps, entries);
  const files = { count: 0, bytes: 0 };
  const missing: string[] = [];
  for (const [sha256, bytes] of blobs) {
    if (!(await entries.addFile(`files/${sha256}`, bytes, deps.blobs.read(sha256)))) missing.push(sha256);
    else {
      files.count++;
      files.bytes += bytes;
    }
  }
  const { runs, tooLong } = options.runs ? await writeRuns(deps.log, entries) : { runs: 0, tooLong: 0 };
  const manifest: Manifest = { entries: Object.fromEntries(entries.digests), files, missing, counts, runs, tooLong };
  await entries.add(MANIFEST, JSON.stringify(manifest));
}

async function writeRecords({ records }: BackupDeps, entries: Entries) {
  const counts: Record<string, number> = {};
  /** Size by hash. */
  const blobs = new Map<string, number>();
  const part = new Part(entries, "records");
  for await (const page of records.snapshot())
    for (const record of page) {
      if (!isBackedUp(record.kind)) continue;
      counts[record.kind] = (counts[record.kind] ?? 0) + 1;
      if (record.kind === FILE) {
        const { sha256, bytes } = record.body as FileRecord;
        blobs.set(sha256, bytes);
      }
      await part.add(record);
    }
  await part.end();
  return { counts, blobs };
}

/** Writes ended runs, whose events no longer change. A run is one line, so that it is restored as a whole. */
async function writeRuns(log: EventLog, entries: Entries): Promise<{ runs: number; tooLong: number }> {
  const part = new Part(entries, "runs");
  const graphs = new Set<string>();
  let runs = 0;
  let tooLong = 0;
  for (let after: string | undefined; ; ) {
    const page: RunRow[] = await log.rows({ limit: RUNS_PAGE, ...(after !== undefined && { after }) });
    for (const row of page) {
      if (row.endedAt === undefined) continue;
      if (!graphs.has(row.graph)) {
        graphs.add(row.graph);
        const body: Graph | undefined = await log.graph(row.graph);
        if (body) await part.add({ graph: row.graph, body });
      }
      const events = await eventsOf(log, row.id);
      if (!events) {
        tooLong++;
        continue;
      }
      // The run was deleted meanwhile.
      if (events.length === 0) continue;
      await part.add({ run: row.id, events, ...(row.rating && { rating: row.rating }) });
      runs++;
    }
    after = page.at(-1)?.id;
    if (page.length < RUNS_PAGE) break;
  }
  await part.end();
  return { runs, tooLong };
}

/** Undefined when they are too long for one line. */
async function eventsOf(log: EventLog, run: string): Promise<RunEvent[] | undefined> {
  const events: RunEvent[] = [];
  for (let length = 0; ; ) {
    const page = await log.read(run, events.at(-1)?.seq ?? -1, EVENTS_PAGE);
    events.push(...page);
    if (page.length < EVENTS_PAGE) return events;
    length += JSON.stringify(page).length;
    if (length > MAX_RUN_LENGTH) return undefined;
  }
}

/** Collects lines, and writes them as entries of about `PART_BYTES`. */
class Part {
  readonly #entries: Entries;
  readonly #name: "records" | "runs";
  #lines: Buffer[] = [];
  #bytes = 0;
  #number = 0;

  constructor(entries: Entries, name: "records" | "runs") {
    this.#entries = entries;
    this.#name = name;
  }

  async add(line: unknown): Promise<void> {
    const text = Buffer.from(`${JSON.stringify(line)}\n`);
    this.#lines.push(text);
    this.#bytes += text.byteLength;
    if (this.#bytes >= PART_BYTES) await this.end();
  }

  async end(): Promise<void> {
    if (this.#lines.length === 0) return;
    await this.#entries.add(partName(this.#name, ++this.#number), Buffer.concat(this.#lines));
    this.#lines = [];
    this.#bytes = 0;
  }
}

class Entries {
  /** Size and hash of the entries, except files. */
  readonly digests = new Map<string, { bytes: number; sha256: string }>();
  readonly #archive: ReturnType<typeof pack>;

  constructor(archive: ReturnType<typeof pack>) {
    this.#archive = archive;
  }

  async add(name: string, content: string | Buffer): Promise<void> {
    const bytes = Buffer.from(content);
    if (name !== MANIFEST)
      this.digests.set(name, {
        bytes: bytes.byteLength,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      });
    await this.#write(name, bytes.byteLength, [bytes]);
  }

  /** False when there are no such bytes; then nothing is added. */
  async addFile(name: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
    const iterator = bytes[Symbol.asyncIterator]();
    let first: IteratorResult<Uint8Array>;
    try {
      first = await iterator.next();
    } catch (error) {
      if (error instanceof PatchbayError && error.code === "not_found") return false;
      throw error;
    }
    await this.#write(
      name,
      size,
      (async function* () {
        for (let next = first; !next.done; next = await iterator.next()) yield next.value;
      })(),
    );
    return true;
  }

  async #write(name: string, size: number, chunks: AsyncIterable<Uint8Array> | [Uint8Array]): Promise<void> {
    const { promise: stored, resolve, reject } = Promise.withResolvers<void>();
    stored.catch(() => undefined);
    const sink = this.#archive.entry({ name, size, mode: 0o600, mtime: new Date(0) }, (error) =>
      error ? reject(error) : resolve(),
    );
    // The entry is destroyed with the archive when the reader goes away, perhaps while nothing waits for it.
    (sink as unknown as Writable).on("error", reject);
    // Waits for the reader of the archive. `stored` rejects when it is gone.
    for await (const chunk of chunks) if (!sink.write(chunk)) await Promise.race([once(sink, "drain"), stored]);
    (sink as unknown as Writable).end();
    await stored;
  }
}
