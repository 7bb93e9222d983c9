/** Artifacts as arguments: a call passes the file of an earlier call by its id, `artifact://<id>`. */
import type { Host } from "./host.ts";

const REFERENCE = /^artifact:\/\/([\w.-]{1,128})$/;
const TEXT = /^(?:text\/|application\/(?:json|xml|yaml|x-ndjson)\b)/;

/**
 * Replaces each string that is a reference to a text artifact by its text. References to other media stay, for tools that
 * take files. Returns the same value when there is nothing to replace. Rejects with `not_found` for an artifact that does
 * not exist or is not the caller's.
 */
export async function withArtifacts(value: unknown, artifact: Host["artifact"]): Promise<unknown> {
  if (typeof value === "string") {
    const id = value.length < 160 ? REFERENCE.exec(value)?.[1] : undefined;
    if (id === undefined) return value;
    const { ref, bytes } = await artifact.get(id);
    return TEXT.test(ref.mediaType) ? new TextDecoder().decode(bytes) : value;
  }
  if (value === null || typeof value !== "object") return value;
  let changed: Record<string, unknown> | unknown[] | undefined;
  for (const [key, member] of Object.entries(value)) {
    if (member === null || (typeof member !== "object" && typeof member !== "string")) continue;
    const replaced = await withArtifacts(member, artifact);
    if (replaced === member) continue;
    changed ??= Array.isArray(value) ? [...value] : { ...value };
    (changed as Record<string, unknown>)[key] = replaced;
  }
  return changed ?? value;
}
