/** A stored tool: its spec and its binding. */
import { z } from "zod";
import { CodeBinding, HeaderValue, HttpBinding, ModelBinding, toolShape } from "../contract/custom-tool.ts";
import type { ToolImportReport } from "../contract/tool.ts";

const Style = z.enum(["form", "simple", "label", "matrix", "spaceDelimited", "pipeDelimited", "deepObject"]);

export const ApiParameter = z.strictObject({
  /** Its name in the arguments. */
  arg: z.string(),
  name: z.string(),
  in: z.enum(["path", "query", "header", "cookie"]),
  style: Style,
  explode: z.boolean(),
  /** The value goes as JSON text. */
  json: z.boolean().optional(),
});
export type ApiParameter = z.infer<typeof ApiParameter>;

/** How a form writes one of its fields; see the Encoding Object of OpenAPI. */
export const BodyEncoding = z.strictObject({
  style: Style.optional(),
  explode: z.boolean().optional(),
  contentType: z.string().optional(),
});
export type BodyEncoding = z.infer<typeof BodyEncoding>;

/**
 * What happens while the secret is not set. Absent: the call fails. `skip`: the API can be called without it. `warn`:
 * the call goes out, and the library shows the secret as missing.
 */
const missing = z.enum(["skip", "warn"]).optional();

export const ApiAuth = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("header"), header: z.string(), value: HeaderValue, missing }),
  z.strictObject({ kind: z.literal("query"), name: z.string(), secret: z.string(), missing }),
  z.strictObject({ kind: z.literal("cookie"), name: z.string(), secret: z.string(), missing }),
  /** OAuth 2 client credentials: the secret is `client_id:client_secret`. */
  z.strictObject({
    kind: z.literal("oauth"),
    tokenUrl: z.string(),
    scopes: z.array(z.string()),
    secret: z.string(),
    missing,
  }),
]);
export type ApiAuth = z.infer<typeof ApiAuth>;

export const OpenApiBinding = z.strictObject({
  kind: z.literal("openapi"),
  method: z.string(),
  /** Without a slash at its end. */
  server: z.string(),
  /** With `{name}` slots of path parameters. */
  path: z.string(),
  parameters: z.array(ApiParameter),
  body: z
    .strictObject({
      mediaType: z.string(),
      /** By field of a form. */
      encoding: z.record(z.string(), BodyEncoding).optional(),
      /**
       * `args`: these arguments are the body's properties, and with `open` all that are no parameters; `whole`: one
       * argument is the body.
       */
      from: z.union([
        z.strictObject({
          args: z.array(z.strictObject({ arg: z.string(), name: z.string(), file: z.boolean().optional() })),
          open: z.boolean().optional(),
        }),
        z.strictObject({ whole: z.string() }),
      ]),
    })
    .optional(),
  accept: z.string().optional(),
  auth: z.array(ApiAuth).default([]),
});
export type OpenApiBinding = z.infer<typeof OpenApiBinding>;

export const Binding = z.discriminatedUnion("kind", [HttpBinding, CodeBinding, ModelBinding, OpenApiBinding]);
export type Binding = z.infer<typeof Binding>;

export const StoredTool = z.strictObject({
  ...toolShape,
  binding: Binding,
});
export type StoredTool = z.infer<typeof StoredTool>;

/** The secret of one authentication; undefined for a header that has none. */
export function secretOf(auth: ApiAuth): string | undefined {
  if (auth.kind !== "header") return auth.secret;
  return typeof auth.value === "string" ? undefined : auth.value.secret;
}

/** The secrets that a tool needs; those that an API can do without are left out, unless `all` are asked for. */
export function secretsOf(binding: Binding, { all = false } = {}): string[] {
  const values = binding.kind === "http" ? Object.values(binding.headers) : [];
  const names = values.map((value) => (typeof value === "string" ? undefined : value.secret));
  if (binding.kind === "openapi")
    names.push(...binding.auth.filter(({ missing }) => all || missing !== "skip").map(secretOf));
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** Tools read from a file or document, not stored yet. */
export interface ImportedTools {
  tools: StoredTool[];
  report: ToolImportReport["report"];
  /** Name of the API. These tools replace all of its earlier ones. */
  api?: string;
}
