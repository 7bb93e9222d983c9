/** Schemas for environment variables. An error message continues the variable's name, on one line. */
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";

/** The variables that are set, trimmed. */
export type Variables = Record<string, string | undefined>;

/** A text that passes `test`. `message`: the error for one that does not. */
export function text(test: (value: string) => boolean, message: (value: string) => string) {
  return z.string().refine(test, { abort: true, error: ({ input }) => message(String(input)) });
}

/** An http or https URL. Trailing slashes are removed. */
export const httpUrl = text(
  (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
  (value) => `"${value}" is not a URL; it must start with http:// or https://`,
)
  .refine((value) => !new URL(value).username && !new URL(value).password, {
    abort: true,
    error: "must not contain a user name or password",
  })
  .transform((value) => value.replace(/\/+$/, ""));

/** Throws `bad_request` for the first invalid variable. */
export function parseVariables<T extends z.ZodType>(schema: T, variables: Variables): z.output<T> {
  const { data, error } = schema.safeParse(variables);
  if (error) throw bad(String(error.issues[0]!.path[0]), error.issues[0]!.message);
  return data as z.output<T>;
}

/** A `bad_request` error on one line: `name` and what is wrong. */
export function bad(name: string, what: string): PatchbayError {
  return new PatchbayError("bad_request", `${name} ${what}.`);
}
