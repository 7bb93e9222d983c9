import { z } from "zod";

/** Gives a schema a narrower type than it checks, for values that the runtime has already parsed. */
export function typed<T>(schema: z.ZodType = z.unknown()): z.ZodType<T> {
  return schema as z.ZodType<T>;
}
