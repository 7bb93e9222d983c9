/** Artifacts as arguments: a later call passes what an earlier one made by its id, `artifact://<id>`. */
import type { Host } from "./host.ts";

const REFERENCE = /^artifact:\/\/([\w.-]{1,128})$/;
const TEXT = /^(?:text\/|application\/(?:json|xml|yaml|x-ndjson)\b)/;

/**
 * The value with each string that is exactly the reference of a text artifact replaced by its text. References to other
 * media stay: the tool knows what to do with a file. The same value when there is nothing to replace. Rejects with
 * `not_found` for an artifact that is not there (or not the caller's).
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
