import { PatchbayError } from "../../runtime/error.ts";

/** A `not_found` error: `notFound("run", id)`. */
export function notFound(kind: string, id: string): PatchbayError {
  return new PatchbayError("not_found", `The ${kind} "${id.slice(0, 100)}" was not found.`);
}
