/** `patchbay backup` and `patchbay restore`. */
import { constants, createReadStream, createWriteStream, readFileSync } from "node:fs";
import { access, rename, rm } from "node:fs/promises";
import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { PatchbayError } from "../../runtime/error.ts";
import { MEDIA_TYPE } from "../backup/format.ts";
import type { RestoreReport } from "../contract/backup.ts";
import { type Client, errorOf } from "./client.ts";
import { askLine, type Io } from "./io.ts";

interface PassphraseFlags {
  passphraseFile?: string;
}
export interface BackupFlags extends PassphraseFlags {
  runs?: boolean;
  secrets?: boolean;
}
export interface RestoreFlags extends PassphraseFlags {
  merge?: boolean;
  withoutSecrets?: boolean;
}

/** Writes to `FILE.part` and renames it when complete, so that an existing file is replaced only on success. */
export async function backup(client: Client, file: string, flags: BackupFlags, io: Io): Promise<number> {
  const passphrase =
    flags.secrets || flags.passphraseFile ? await askPassphrase(flags, io, "Passphrase for the secrets: ") : undefined;
  const response = await client.send("POST", "/api/backup", {
    runs: flags.runs === true,
    ...(passphrase !== undefined && { passphrase }),
  });
  if (!response.ok) throw await errorOf(response);
  const bytes = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  if (file === "-") {
    const out = new Writable({ write: (chunk: Buffer, _encoding, done) => void process.stdout.write(chunk, done) });
    await pipeline(bytes, out);
    return 0;
  }
  const partFile = `${file}.part`;
  const stop = new AbortController();
  const interrupted = () => stop.abort();
  process.once("SIGINT", interrupted);
  const count = { bytes: 0 };
  try {
    await pipeline(bytes, counted(count, io, "written"), createWriteStream(partFile, { mode: 0o600 }), {
      signal: stop.signal,
    });
    await rename(partFile, file);
  } catch (error) {
    await rm(partFile, { force: true });
    if (stop.signal.aborted) {
      io.err("Cancelled. No file was written.\n");
      return 130;
    }
    throw error instanceof PatchbayError
      ? error
      : new PatchbayError("unavailable", `The backup failed: ${(error as Error).message}. No file was written.`);
  } finally {
    process.off("SIGINT", interrupted);
  }
  io.err(`${file}: ${size(count.bytes)}${passphrase === undefined ? ", without secrets" : ""}\n`);
  return 0;
}

export async function restore(client: Client, file: string, flags: RestoreFlags, io: Io): Promise<number> {
  await access(file, constants.R_OK).catch((cause: unknown) => {
    throw new PatchbayError("not_found", `${file} cannot be read (${(cause as Error).message}).`, { cause });
  });
  let passphrase = flags.passphraseFile ? await askPassphrase(flags, io, "") : undefined;
  let response = await send(client, file, flags, passphrase, io);
  if (response.status === 400 && passphrase === undefined && !flags.withoutSecrets) {
    const error = await errorOf(response);
    if (error.path !== "/passphrase" || !io.stdin.isTTY) throw error;
    passphrase = await askPassphrase(flags, io, "Passphrase of the secrets: ");
    response = await send(client, file, flags, passphrase, io);
  }
  if (!response.ok) throw await errorOf(response);
  writeReport((await response.json()) as RestoreReport, io);
  return 0;
}

async function send(
  client: Client,
  file: string,
  flags: RestoreFlags,
  passphrase: string | undefined,
  io: Io,
): Promise<Response> {
  const query = new URLSearchParams({
    merge: String(flags.merge === true),
    withoutSecrets: String(flags.withoutSecrets === true),
  });
  const bytes = createReadStream(file).pipe(counted({ bytes: 0 }, io, "sent"));
  return await client.send("POST", `/api/restore?${query}`, Readable.toWeb(bytes), {
    "content-type": MEDIA_TYPE,
    ...(passphrase !== undefined && { "x-backup-passphrase": encodeURIComponent(passphrase) }),
  });
}

function writeReport(
  { added, files, runs, secrets, same, conflicts, toApprove, createdAt }: RestoreReport,
  io: Io,
): void {
  io.out(`Restored the backup of ${new Date(createdAt).toISOString().slice(0, 16).replace("T", " ")} UTC:\n`);
  const counts = { ...added, files, runs, secrets, ...(same > 0 && { "already present": same }) };
  for (const [what, count] of Object.entries(counts)) if (count > 0) io.out(`  ${what}: ${count}\n`);
  if (toApprove.length > 0) io.out(`MCP servers that need your approval: ${toApprove.join(", ")}\n`);
  for (const { kind, name, reason } of conflicts) io.out(`Skipped ${kind} "${name}": ${reason}.\n`);
}

/**
 * Reads the passphrase from the file, from the terminal without echo, or from the first line of standard input. Rejects
 * with `bad_request` when there is none.
 */
async function askPassphrase({ passphraseFile }: PassphraseFlags, io: Io, question: string): Promise<string> {
  let passphrase: string | undefined;
  if (passphraseFile !== undefined) passphrase = readFileSync(passphraseFile, "utf8").split(/\r?\n/)[0];
  else {
    const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
    if (io.stdin.isTTY) io.err(question);
    passphrase = await askLine(io, "", hidden);
    if (io.stdin.isTTY) io.err("\n");
  }
  if (passphrase) return passphrase;
  throw new PatchbayError(
    "bad_request",
    `The passphrase is missing: ${passphraseFile === undefined ? "standard input is empty" : `the first line of ${passphraseFile} is empty`}. Use --passphrase-file FILE, or type it on a terminal.`,
  );
}

/** Counts the bytes that pass through, and shows the progress on a terminal. */
function counted(count: { bytes: number }, io: Io, what: string): Transform {
  let shownAt = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count.bytes += chunk.byteLength;
      if (io.stderr.isTTY && performance.now() - shownAt > 200) {
        shownAt = performance.now();
        io.err(`\r\u001b[K${size(count.bytes)} ${what}`);
      }
      done(null, chunk);
    },
    flush(done) {
      if (io.stderr.isTTY) io.err("\r\u001b[K");
      done();
    },
  });
}

function size(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
