import { z } from "zod";

/** A schema under a narrower type than it checks: for values that the runtime has parsed or made, and for the document. */
export function typed<T>(schema: z.ZodType = z.unknown()): z.ZodType<T> {
  return schema as z.ZodType<T>;
}
