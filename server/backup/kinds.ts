/** Which records are in a backup, which of them belong together, and what of them must be said anew where they are restored. */
import { parseGraph } from "../../runtime/parse.ts";
import type { WholeRecord } from "../stores/records.ts";

/**
 * Everything is, but for what is of one process or one moment, what can be made again, and secrets, which go their own
 * way. A kind that is new one day is in it without a word here.
 */
const LEFT_OUT = new Set([
  "mirror",
  "notice",
  "secret",
  "secrets-check",
  "task",
  "task-cancel",
  "task-open",
  "tool-vector",
]);

export function isBackedUp(kind: string): boolean {
  return !LEFT_OUT.has(kind);
}

/**
 * What stands or falls with a record: all of an agent, or all of a knowledge, has one root. Where one of them cannot be
 * restored, none is.
 */
export function rootOf({ kind, id, parent, body }: WholeRecord): string {
  // The parent of a file is its hash; that of a document its knowledge's own id, which is not its name.
  if (kind === "file") return `file ${id}`;
  if (kind === "knowledge") return String((body as { uid?: unknown }).uid);
  return parent ?? id;
}

/** What a person calls it. */
export function nameOf({ kind, id, body }: WholeRecord): string {
  const { name, title } = (body ?? {}) as { name?: unknown; title?: unknown };
  if (kind === "knowledge" || kind === "mcp-server") return id;
  return typeof name === "string" ? name : typeof title === "string" ? title : id;
}

/** As it is restored: an MCP server needs a person's yes again, and what it offered is seen anew. */
export function restored(record: WholeRecord): WholeRecord {
  if (record.kind !== "mcp-server") return record;
  const { settings } = record.body as { settings: unknown };
  return { ...record, body: { settings } };
}

/** The file whose bytes a record rests on. */
export function fileOf({ kind, body }: WholeRecord): string | undefined {
  const file = kind === "knowledge-document" ? (body as { file?: unknown }).file : undefined;
  return typeof file === "string" ? file : undefined;
}

/** What a record should be and is not ("an agent"), when the server could not start with it or a backup could not be restored. */
export function faultOf({ kind, body }: WholeRecord): string | undefined {
  const given = (body ?? {}) as { sha256?: unknown; uid?: unknown; settings?: unknown; graph?: unknown };
  if (kind === "file" && !/^[0-9a-f]{64}$/.test(String(given.sha256))) return "a file";
  if (kind === "knowledge" && typeof given.uid !== "string") return "knowledge";
  if (kind === "mcp-server" && (given.settings === null || typeof given.settings !== "object")) return "an MCP server";
  if (kind === "agent" && !parseGraph(body).graph) return "an agent";
  if (kind === "agent-version" && !parseGraph(given.graph).graph) return "a version of an agent";
  return undefined;
}
