/**
 * A backup is one file: a gzipped tar of these entries, in this order, readable with `tar -xzf`.
 *
 *   patchbay-backup.json   head: format, time, version, contents
 *   secrets.json           only with a passphrase: see `sealed-secrets.ts`
 *   records/000001.jsonl   records, one per line: { kind, id, parent?, revision, body, createdAt, updatedAt }
 *   files/<sha256>         bytes of uploads, artifacts and documents
 *   runs/000001.jsonl      optional: { graph, body } and { run, events, rating? }, one per line
 *   manifest.json          last: size and hash of every other entry, except files, whose names are their hashes
 *
 * A file without its last entry is incomplete.
 */
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";

export const FORMAT = "patchbay-backup/1";
export const HEAD = "patchbay-backup.json";
export const SECRETS = "secrets.json";
export const MANIFEST = "manifest.json";
export const MEDIA_TYPE = "application/gzip";

/** Size at which the next part begins; one line may be larger. */
export const PART_BYTES = 4 * 2 ** 20;
export const MAX_LINE_BYTES = 256 * 2 ** 20;
export const MAX_FILE_BYTES = 8 * 2 ** 30;
/** Maximum size of the unpacked archive: `SMALL_BYTES` plus this multiple of its size. */
export const MAX_RATIO = 200;
export const SMALL_BYTES = 64 * 2 ** 20;

const ENTRY =
  /^(?:patchbay-backup\.json|secrets\.json|manifest\.json|(records|runs)\/\d{6}\.jsonl|(files)\/([0-9a-f]{64}))$/;

export const Head = z.object({
  format: z.string(),
  /** Version of the Patchbay that wrote it. */
  version: z.string(),
  createdAt: z.number(),
  /** Whether it contains `secrets.json` and `runs/`. */
  secrets: z.boolean(),
  runs: z.boolean(),
});
export type Head = z.infer<typeof Head>;

const Digest = z.object({ bytes: z.number(), sha256: z.string() });
export const Manifest = z.object({
  entries: z.record(z.string(), Digest),
  files: z.object({ count: z.number(), bytes: z.number() }),
  /** Hashes of files whose bytes were not found. */
  missing: z.array(z.string()),
  /** Number of records by kind. */
  counts: z.record(z.string(), z.number()),
  runs: z.number(),
  /** Number of runs with too many events, which are not included. */
  tooLong: z.number(),
});
export type Manifest = z.infer<typeof Manifest>;

const KIND = /^[a-z][a-z0-9-]{0,60}$/;
export const RecordLine = z.object({
  kind: z.string().regex(KIND),
  id: z.string().min(1).max(1000),
  parent: z.string().max(1000).optional(),
  revision: z.number().int().min(1),
  body: z.unknown(),
  createdAt: z.number(),
  updatedAt: z.number(),
});

/** Parses the name of an entry; undefined when a backup has no such entry. */
export function entryOf(name: string): { part?: "records" | "runs" | "files"; sha256?: string } | undefined {
  const found = ENTRY.exec(name);
  if (!found) return undefined;
  const part = (found[1] ?? found[2]) as "records" | "runs" | "files" | undefined;
  return { ...(part && { part }), ...(found[3] && { sha256: found[3] }) };
}

export function partName(part: "records" | "runs", number: number): string {
  return `${part}/${String(number).padStart(6, "0")}.jsonl`;
}

/** The error for an incomplete, damaged or foreign file. */
export function broken(reason: string, cause?: unknown): PatchbayError {
  return new PatchbayError("bad_request", `This is not a complete backup: ${reason}. Nothing was changed.`, { cause });
}
