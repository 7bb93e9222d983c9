/** Which records are in a backup, which of them belong together, and what a restore changes in them. */
import type { WholeRecord } from "../stores/records.ts";

/**
 * Records of one process or one moment, records that can be created again, and secrets, which have their own entry. A
 * kind that is not listed here is backed up.
 */
const LEFT_OUT = new Set([
  "mirror",
  "notice",
  "secret",
  "secrets-check",
  "sign-in",
  "task",
  "task-cancel",
  "task-open",
  "tool-vector",
]);

export function isBackedUp(kind: string): boolean {
  return !LEFT_OUT.has(kind);
}

/**
 * The group of a record: all records of an agent, or of a knowledge, have the same root. They are restored together or
 * not at all.
 */
export function rootOf({ kind, id, parent, body }: WholeRecord): string {
  // The parent of a file is its hash. The parent of a document is the `uid` of its knowledge, not the name.
  if (kind === "file") return `file ${id}`;
  if (kind === "knowledge") return String((body as { uid?: unknown }).uid);
  return parent ?? id;
}

/** The name that users see. */
export function nameOf({ kind, id, body }: WholeRecord): string {
  const { name, title } = (body ?? {}) as { name?: unknown; title?: unknown };
  if (kind === "knowledge" || kind === "mcp-server") return id;
  return typeof name === "string" ? name : typeof title === "string" ? title : id;
}

/** The record as it is restored: an MCP server must be approved again, and its tools are listed again. */
export function restored(record: WholeRecord): WholeRecord {
  if (record.kind !== "mcp-server") return record;
  const { settings } = record.body as { settings: unknown };
  return { ...record, body: { settings } };
}

/** The file that a record refers to. */
export function fileOf({ kind, body }: WholeRecord): string | undefined {
  const file = kind === "knowledge-document" ? (body as { file?: unknown }).file : undefined;
  return typeof file === "string" ? file : undefined;
}

/** Such as "MCP server". */
export function kindName(kind: string): string {
  return kind === "mcp-server" ? "MCP server" : kind.replaceAll("-", " ");
}
