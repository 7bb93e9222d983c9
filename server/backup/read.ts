/** Reads the entries of a backup in order, within limits, and verifies that it is complete and unchanged. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { PatchbayError } from "../../runtime/error.ts";
import {
  broken,
  entryOf,
  FORMAT,
  HEAD,
  Head,
  MANIFEST,
  MAX_FILE_BYTES,
  MAX_LINE_BYTES,
  MAX_RATIO,
  Manifest,
  SECRETS,
  SMALL_BYTES,
} from "./format.ts";

/** Called for each entry; entries without a method are skipped. */
export interface Visitor {
  /** A record, a graph or a run, parsed. `where`: entry and line, for messages. */
  line?(part: "records" | "runs", value: unknown, where: string): void | Promise<void>;
  file?(sha256: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void>;
}

export interface Read {
  head: Head;
  secrets?: string;
  manifest: Manifest;
}

/**
 * Reads the whole file. Rejects with `bad_request` when it is incomplete, damaged, foreign, of a newer format, or unpacks
 * to an unreasonable size; with `cancelled` on abort.
 */
export async function readBackup(path: string, visitor: Visitor, signal?: AbortSignal): Promise<Read> {
  const maxBytes = (await stat(path)).size * MAX_RATIO + SMALL_BYTES;
  const entries = extract();
  const source = createReadStream(path);
  // Errors reach the loop below through `entries`.
  pipeline(source, createGunzip(), limited(maxBytes), entries as unknown as NodeJS.ReadWriteStream, () => undefined);
  const abort = () => source.destroy(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  signal?.throwIfAborted();
  let head: Head | undefined;
  let secrets: string | undefined;
  let manifest: Manifest | undefined;
  const seen = new Map<string, { bytes: number; sha256: string }>();
  const files = { count: 0, bytes: 0 };
  try {
    for await (const entry of entries) {
      const { name, size = 0, type } = entry.header;
      const known = type === "file" || type === "contiguous-file" ? entryOf(name) : undefined;
      if (!known) throw broken(`the entry "${name.slice(0, 100)}" is unknown`);
      if (seen.has(name)) throw broken(`the entry "${name}" is duplicated`);
      if (manifest) throw broken(`the entry "${name}" follows the last entry`);
      if (!head && name !== HEAD) throw broken(`it does not begin with ${HEAD}`);
      if (size > (known.part === "files" ? MAX_FILE_BYTES : MAX_LINE_BYTES))
        throw broken(`the entry "${name}" is too large`);
      const digest = digesting(entry as unknown as AsyncIterable<Uint8Array>);
      if (known.part === "files") {
        await visitor.file?.(known.sha256!, size, digest.bytes);
        await digest.drain();
        if (digest.sha256() !== known.sha256) throw broken(`the file ${known.sha256!.slice(0, 12)}… is damaged`);
        files.count++;
        files.bytes += size;
        seen.set(name, { bytes: size, sha256: known.sha256! });
        continue;
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of digest.bytes) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString("utf8");
      if (name !== MANIFEST) seen.set(name, { bytes: size, sha256: digest.sha256() });
      if (name === HEAD) head = headOf(text);
      else if (name === SECRETS) secrets = text;
      else if (name === MANIFEST) manifest = parsed(Manifest, text, name);
      else await lines(text, known.part as "records" | "runs", name, visitor);
    }
  } catch (error) {
    source.destroy();
    if (signal?.aborted) throw new PatchbayError("cancelled", "The restore was cancelled. Nothing was changed.");
    if (error instanceof PatchbayError) throw error;
    throw broken(`it cannot be read (${(error as Error).message})`, error);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  if (!head || !manifest) throw broken("its end is missing; copy or download it again");
  for (const [name, { bytes, sha256 }] of Object.entries(manifest.entries)) {
    const found = seen.get(name);
    if (!found) throw broken(`"${name}" is missing`);
    if (found.bytes !== bytes || found.sha256 !== sha256) throw broken(`"${name}" is damaged`);
  }
  if (seen.size !== Object.keys(manifest.entries).length + files.count || files.count !== manifest.files.count)
    throw broken("its contents do not match its manifest");
  return { head, manifest, ...(secrets !== undefined && { secrets }) };
}

function headOf(text: string): Head {
  const head = parsed(Head, text, HEAD);
  const [name, version] = head.format.split("/");
  if (name !== FORMAT.split("/")[0]) throw broken(`its format is "${head.format.slice(0, 50)}"`);
  if (head.format !== FORMAT)
    throw new PatchbayError(
      "bad_request",
      `This backup is of format ${version}, written by Patchbay ${head.version}; this one reads up to ${FORMAT.split("/")[1]}. Restore it with a newer Patchbay. Nothing was changed.`,
    );
  return head;
}

async function lines(text: string, part: "records" | "runs", name: string, visitor: Visitor): Promise<void> {
  let number = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const where = `${name} line ${++number}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw broken(`${where} is not JSON`, cause);
    }
    await visitor.line?.(part, value, where);
  }
}

function parsed<T>(schema: { parse(value: unknown): T }, text: string, name: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw broken(`"${name}" cannot be read`, cause);
  }
}

/** Passes bytes through; fails when there are too many (a decompression bomb). */
function limited(maxBytes: number): Transform {
  let count = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count += chunk.byteLength;
      if (count > maxBytes) done(broken("it unpacks to an unreasonable size"));
      else done(null, chunk);
    },
  });
}

/** Hashes bytes as they are read. `drain` reads the remaining bytes. */
function digesting(source: AsyncIterable<Uint8Array>) {
  const hash = createHash("sha256");
  async function* pass() {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const bytes = pass();
  return {
    bytes,
    async drain() {
      for await (const _chunk of bytes);
    },
    sha256: () => hash.digest("hex"),
  };
}
