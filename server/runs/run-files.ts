/**
 * Which runs use which uploads and artifacts, so that a file is deleted with the last run that uses it. A use is a record
 * with the id `<file>/<run>` and the run as its parent.
 */
import type { RunEvent } from "../../runtime/event.ts";
import type { FileCard } from "../contract/file.ts";
import { FILE, type FileRecord } from "../stores/blobs/files.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { Files } from "../stores/files.ts";
import { everyRecord } from "../stores/mirror.ts";
import type { Records, Stored } from "../stores/records.ts";

const USE = "file-use";
const PAGE = 200;
const FILE_ID = /\bfile_[0-9a-z]{26}\b/g;

export interface RunFiles {
  /** Records that a run uses these files. Call it before an event names them. */
  use(run: string, files: readonly string[]): Promise<void>;
  /**
   * Deletes the files that only this run uses. Call it after the run was deleted, with the events that it had: a run of an
   * older version has no records of its files.
   */
  release(run: string, events: readonly RunEvent[]): Promise<void>;
  /** Deletes a file, with the records of its uses. False when there is no such file. */
  delete(file: string): Promise<boolean>;
  /** Deletes files that were created before `time` and that no existing run uses. Resolves with how many. */
  deleteBefore(time: number): Promise<number>;
  /** Uploads and artifacts, newest first; not the documents of knowledge. `after`: the last id of the previous page. */
  list(options: { owner?: string; after?: string; limit?: number }): Promise<FileCard[]>;
}

export function createRunFiles(options: {
  records: Records;
  files: Pick<Files, "delete">;
  log: Pick<EventLog, "row" | "rows">;
}): RunFiles {
  const { records, files, log } = options;

  /** Ids of uses of a file, at most one page. */
  const usesOf = async (file: string): Promise<string[]> => {
    const page = await records.list(USE, { after: `${file}/`, limit: PAGE });
    return page.map(({ id }) => id).filter((id) => id.startsWith(`${file}/`));
  };

  const deleteFile = async (file: string): Promise<boolean> => {
    const existed = await files.delete(file);
    for (let uses = await usesOf(file); uses.length > 0; uses = await usesOf(file))
      for (const id of uses) await records.delete(USE, id);
    return existed;
  };

  /** Whether an existing run uses the file. */
  const isUsed = async (uses: string[]): Promise<boolean> => {
    for (const id of uses) if (await log.row(id.slice(id.indexOf("/") + 1))) return true;
    return false;
  };

  return {
    async use(run, ids) {
      await Promise.all(ids.map((file) => records.put(USE, `${file}/${run}`, {}, { parent: run })));
    },

    async release(run, events) {
      const uses = await records.list(USE, { parent: run, limit: 10_000 });
      const named = new Set([...uses.map(({ id }) => id.slice(0, id.indexOf("/"))), ...filesOf(events)]);
      for (const { id } of uses) await records.delete(USE, id);
      for (const file of named) if (!(await isUsed(await usesOf(file)))) await deleteFile(file);
    },

    delete: deleteFile,

    async deleteBefore(time) {
      const documents = await documentFiles(records);
      // A file of an older version has no uses: any run that is left may use it.
      const hasOldRuns = (await log.rows({ to: time, limit: 1 })).length > 0;
      let deleted = 0;
      for (let after: string | undefined; ; ) {
        const page: Stored<FileRecord>[] = await records.list<FileRecord>(FILE, { after, limit: PAGE });
        for (const { id, createdAt } of page) {
          // Ids are in order of creation.
          if (createdAt >= time) return deleted;
          if (documents.has(id)) continue;
          const uses = await usesOf(id);
          if (uses.length === 0 ? hasOldRuns : await isUsed(uses)) continue;
          if (await deleteFile(id)) deleted++;
        }
        after = page.at(-1)?.id;
        if (page.length < PAGE) return deleted;
      }
    },

    async list({ owner, after, limit = 100 }) {
      const documents = await documentFiles(records);
      const found: FileCard[] = [];
      for (let last = after; ; ) {
        const page = await records.list<FileRecord>(FILE, { after: last, limit: PAGE, newestFirst: true });
        for (const { id, body, createdAt } of page) {
          if (documents.has(id) || (owner !== undefined && body.owner !== owner)) continue;
          const { sha256: _sha256, ...card } = body;
          found.push({ id, ...card, createdAt });
          if (found.length === limit) return found;
        }
        last = page.at(-1)?.id;
        if (page.length < PAGE) return found;
      }
    },
  };
}

/** Ids of the files in a value, such as the input of a run. */
export function fileIdsIn(value: unknown): string[] {
  return value === undefined ? [] : [...new Set(JSON.stringify(value).match(FILE_ID))];
}

/** The files that a run was given, and those that it made. */
function filesOf(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === "run-start") return event.input.files?.map(({ id }) => id) ?? [];
    return event.type === "tool-end" ? (event.result.files?.map(({ id }) => id) ?? []) : [];
  });
}

async function documentFiles(records: Records): Promise<Set<string>> {
  const documents = await everyRecord<{ file: string }>(records, "knowledge-document");
  return new Set(documents.map(({ body }) => body.file));
}
