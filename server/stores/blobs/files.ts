/**
 * Uploads and artifacts. Equal bytes are stored once, by their SHA-256 (`blobs.ts`); id, name, type and owner of a file are
 * a record. A crash leaves at most a blob without a record, which `sweep` removes.
 */
import { createHash } from "node:crypto";
import { PatchbayError } from "../../../runtime/error.ts";
import type { FileRef } from "../../../runtime/message.ts";
import { newId } from "../../lib/ids.ts";
import { KeyedMutex } from "../../lib/keyed-mutex.ts";
import { notFound } from "../../lib/not-found.ts";
import type { Files } from "../files.ts";
import type { Records } from "../records.ts";
import type { Blobs } from "./blobs.ts";

export const FILE = "file";
/** The record of a younger blob may not be stored yet. */
const SWEEP_AFTER_MS = 60 * 60 * 1000;
const MAX_NAME = 255;

export interface FileRecord extends Omit<FileRef, "id"> {
  sha256: string;
  owner?: string;
}

export interface FileStore extends Files {
  /** Removes partial writes, and blobs without a record that are older than an hour. Resolves with how many. */
  sweep(now?: number): Promise<number>;
  /** Deletes no blobs until the returned function is called, so that a backup can read them all. */
  hold(): () => void;
}

export function createFiles(records: Records, blobs: Blobs): FileStore {
  return new BlobFiles(records, blobs);
}

class BlobFiles implements FileStore {
  readonly #records: Records;
  readonly #blobs: Blobs;
  /** By blob, so that a delete never removes bytes that a concurrent put found. */
  readonly #mutex = new KeyedMutex();
  #holders = 0;
  /** Blobs to check when the last hold ends. */
  readonly #held = new Set<string>();

  constructor(records: Records, blobs: Blobs) {
    this.#records = records;
    this.#blobs = blobs;
  }

  async put(file: { mediaType: string; name: string; bytes: Uint8Array; owner?: string }): Promise<FileRef> {
    const sha256 = createHash("sha256").update(file.bytes).digest("hex");
    const id = `file_${newId()}`;
    const body: FileRecord = {
      mediaType: file.mediaType || "application/octet-stream",
      name: safeName(file.name),
      bytes: file.bytes.byteLength,
      sha256,
      ...(file.owner !== undefined && { owner: file.owner }),
    };
    await this.#mutex.run(sha256, async () => {
      await this.#blobs.put(sha256, file.bytes);
      await this.#records.put(FILE, id, body, { parent: sha256, revision: 0 });
    });
    return { id, mediaType: body.mediaType, name: body.name, bytes: body.bytes };
  }

  async get(id: string): Promise<{ ref: FileRef; bytes: Uint8Array; owner?: string }> {
    const record = await this.#records.get<FileRecord>(FILE, id);
    if (!record) throw notFound("file", id);
    const { sha256, owner, ...rest } = record.body;
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of this.#blobs.read(sha256)) chunks.push(chunk);
    } catch (cause) {
      throw new PatchbayError("unavailable", `The bytes of file "${id}" cannot be read: ${(cause as Error).message}`, {
        cause,
      });
    }
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    return { ref: { id, ...rest }, bytes, ...(owner !== undefined && { owner }) };
  }

  async delete(id: string): Promise<boolean> {
    const record = await this.#records.get<FileRecord>(FILE, id);
    if (!record) return false;
    const { sha256 } = record.body;
    return await this.#mutex.run(sha256, async () => {
      const existed = await this.#records.delete(FILE, id);
      if (this.#holders > 0) this.#held.add(sha256);
      else if (!(await this.#isUsed(sha256))) await this.#blobs.delete(sha256);
      return existed;
    });
  }

  hold(): () => void {
    this.#holders++;
    let holds = true;
    return () => {
      if (!holds) return;
      holds = false;
      if (--this.#holders > 0) return;
      const left = [...this.#held];
      this.#held.clear();
      // The sweep of the next start deletes what fails now.
      for (const sha256 of left) void this.#deleteUnused(sha256).catch(() => undefined);
    };
  }

  async sweep(now = Date.now()): Promise<number> {
    const before = now - SWEEP_AFTER_MS;
    let swept = await this.#blobs.removePartial(before);
    for await (const { sha256, at } of this.#blobs.list())
      if (at < before && this.#holders === 0 && (await this.#deleteUnused(sha256))) swept++;
    return swept;
  }

  async #deleteUnused(sha256: string): Promise<boolean> {
    return await this.#mutex.run(sha256, async () => {
      if (await this.#isUsed(sha256)) return false;
      await this.#blobs.delete(sha256);
      return true;
    });
  }

  async #isUsed(sha256: string): Promise<boolean> {
    return (await this.#records.list(FILE, { parent: sha256, limit: 1 })).length > 0;
  }
}

/** The last segment of a path, without control characters: a name to show, never a path to write to. */
function safeName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are removed
  const clean = last.replaceAll(/[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, "").trim();
  // Not in the middle of a surrogate pair.
  return clean.slice(0, MAX_NAME).replace(/[\ud800-\udbff]$/, "") || "file";
}
