/**
 * Uploads and artifacts on disk. Bytes lie once under their SHA-256 (`blobs/ab/abcd…`), written to `tmp/` and renamed,
 * so a reader never sees half a file; what a person calls a file (id, name, type, owner) is a record. A crash leaves at
 * most a stray blob or temporary file, which `sweep` takes away.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { PatchbayError } from "../../runtime/error.ts";
import type { FileRef } from "../../runtime/message.ts";
import { faultPoint } from "../fault.ts";
import { newId } from "../ids.ts";
import type { Files, Records } from "../services.ts";
import { Turns } from "../turns.ts";

const KIND = "file";
/** Younger files may be on their way to their record. */
const SWEEP_AFTER_MS = 60 * 60 * 1000;
const MAX_NAME = 255;

interface FileRecord extends Omit<FileRef, "id"> {
  sha256: string;
  owner?: string;
}

export interface FileStore extends Files {
  /** Removes temporary files and blobs older than an hour that no record knows. Resolves with how many. */
  sweep(now?: number): Promise<number>;
}

/** `folder` is made when it is missing. Rejects with `unavailable` where it cannot be. */
export async function createFiles(folder: string, records: Records): Promise<FileStore> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(folder))
    throw new PatchbayError(
      "bad_request",
      `PATCHBAY_FILES "${folder}" is an address; this version keeps files in a folder: give a path, for example ./data/files.`,
    );
  await mkdir(join(folder, "tmp"), { recursive: true }).catch((cause: unknown) => {
    throw new PatchbayError("unavailable", `The folder for files cannot be made: ${folder} (${reason(cause)}).`, {
      cause,
    });
  });
  return new DiskFiles(folder, records);
}

class DiskFiles implements FileStore {
  readonly #folder: string;
  readonly #records: Records;
  /** By blob, so that a delete never takes bytes that a put just counted on. */
  readonly #turns = new Turns();

  constructor(folder: string, records: Records) {
    this.#folder = folder;
    this.#records = records;
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
    await this.#turns.take(sha256, async () => {
      await this.#write(sha256, file.bytes);
      await this.#records.put(KIND, id, body, { parent: sha256, revision: 0 });
    });
    return { id, mediaType: body.mediaType, name: body.name, bytes: body.bytes };
  }

  async get(id: string): Promise<{ ref: FileRef; bytes: Uint8Array; owner?: string }> {
    const record = await this.#records.get<FileRecord>(KIND, id);
    if (!record) throw new PatchbayError("not_found", `There is no file "${id.slice(0, 80)}".`);
    const { sha256, owner, ...rest } = record.body;
    const bytes = await readFile(this.#path(sha256)).catch((cause: unknown) => {
      throw new PatchbayError("unavailable", `The bytes of file "${id}" cannot be read (${reason(cause)}).`, { cause });
    });
    return { ref: { id, ...rest }, bytes, ...(owner !== undefined && { owner }) };
  }

  async delete(id: string): Promise<boolean> {
    const record = await this.#records.get<FileRecord>(KIND, id);
    if (!record) return false;
    const { sha256 } = record.body;
    return await this.#turns.take(sha256, async () => {
      const there = await this.#records.delete(KIND, id);
      if (!(await this.#known(sha256))) await rm(this.#path(sha256), { force: true });
      return there;
    });
  }

  async sweep(now = Date.now()): Promise<number> {
    let swept = 0;
    const old = async (path: string) => {
      const found = await stat(path).catch(() => undefined);
      return found !== undefined && now - found.mtimeMs > SWEEP_AFTER_MS;
    };
    for (const name of await list(join(this.#folder, "tmp"))) {
      const path = join(this.#folder, "tmp", name);
      if (!(await old(path))) continue;
      await rm(path, { force: true });
      swept++;
    }
    for (const shelf of await list(join(this.#folder, "blobs")))
      for (const sha256 of await list(join(this.#folder, "blobs", shelf)))
        await this.#turns.take(sha256, async () => {
          if (!(await old(this.#path(sha256))) || (await this.#known(sha256))) return;
          await rm(this.#path(sha256), { force: true });
          swept++;
        });
    return swept;
  }

  async #known(sha256: string): Promise<boolean> {
    return (await this.#records.list(KIND, { parent: sha256, limit: 1 })).length > 0;
  }

  async #write(sha256: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(sha256);
    const there = await stat(path).catch(() => undefined);
    if (there?.size === bytes.byteLength) return;
    const temporary = join(this.#folder, "tmp", randomUUID());
    try {
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
        faultPoint("mid-upload");
      } finally {
        await file.close();
      }
      await mkdir(join(this.#folder, "blobs", sha256.slice(0, 2)), { recursive: true });
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true });
      const full = (cause as NodeJS.ErrnoException).code === "ENOSPC";
      throw new PatchbayError(
        full ? "storage_full" : "unavailable",
        full
          ? "The disk is full: the file was not stored. Free some space and send it again."
          : `The file was not stored (${reason(cause)}).`,
        { cause },
      );
    }
  }

  #path(sha256: string): string {
    return join(this.#folder, "blobs", sha256.slice(0, 2), sha256);
  }
}

/** The last segment of a path, without control characters: a name to show, never a place to write to. */
function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = last.replaceAll(/[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, "").trim();
  return clean.slice(0, MAX_NAME) || "file";
}

async function list(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}

function reason(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
}
