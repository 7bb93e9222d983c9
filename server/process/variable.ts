/** Schemas for environment variables. An error's message follows the variable's name and is one line. */
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";

/** The variables that are set, trimmed. */
export type Variables = Record<string, string | undefined>;

/** A text that passes a test. `say`: what is wrong with one that does not. */
export function text(test: (value: string) => boolean, say: (value: string) => string) {
  return z.string().refine(test, { abort: true, error: ({ input }) => say(String(input)) });
}

/** An http or https address, without a slash at its end. */
export const httpUrl = text(
  (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
  (value) => `"${value}" is not an address; it must begin with http:// or https://`,
)
  .refine((value) => !new URL(value).username && !new URL(value).password, {
    abort: true,
    error: "must not hold a user name or password",
  })
  .transform((value) => value.replace(/\/+$/, ""));

/** Throws as `bad` does, for the first variable that does not fit. */
export function parseVariables<T extends z.ZodType>(schema: T, variables: Variables): z.output<T> {
  const { data, error } = schema.safeParse(variables);
  if (error) throw bad(String(error.issues[0]!.path[0]), error.issues[0]!.message);
  return data as z.output<T>;
}

/** `bad_request`, as one line. */
export function bad(name: string, what: string): PatchbayError {
  return new PatchbayError("bad_request", `${name} ${what}.`);
}
