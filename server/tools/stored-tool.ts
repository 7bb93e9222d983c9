/** A tool as it is kept: its spec and how it is called. */
import { z } from "zod";
import { Effect } from "../../runtime/tool.ts";
import type { ToolImportReport } from "./service.ts";

/** Text as it stands, or a secret's value, which never leaves the server. */
export const HeaderValue = z.union([
  z.string().max(8000),
  z.strictObject({
    secret: z.string().min(1).max(128),
    /** Put before the value, such as "Bearer ". */
    prefix: z.string().max(100).optional(),
    /** `basic`: the secret is `user:password` and is sent as HTTP Basic. */
    as: z.enum(["basic"]).optional(),
  }),
]);
export type HeaderValue = z.infer<typeof HeaderValue>;

/** What of an answer the model reads, where it is not the whole. */
export const OutputRule = z.strictObject({
  /** Place in a JSON answer, such as `data.0.url`. */
  pick: z.string().max(500).optional(),
  /** The picked text is a file: its bytes in base64, or an address to download. */
  file: z.enum(["base64", "url"]).optional(),
  mediaType: z.string().max(100).optional(),
});
export type OutputRule = z.infer<typeof OutputRule>;

export const HttpBinding = z.strictObject({
  kind: z.literal("http"),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
  /** `https://host/path/{{argument}}?q={{argument}}`: slots in path and query only. */
  url: z.string().min(1).max(8000),
  headers: z.record(z.string(), HeaderValue).default({}),
  /** JSON with slots inside its strings, a form (`a={{x}}&b={{y}}`) or text, by the Content-Type header. */
  body: z.string().max(200_000).optional(),
  timeoutMs: z.number().int().min(1).max(600_000).optional(),
  output: OutputRule.optional(),
});
export type HttpBinding = z.infer<typeof HttpBinding>;

export const CodeBinding = z.strictObject({
  kind: z.literal("code"),
  /** JavaScript. The arguments are `input`; the value of the last expression or of `return` is the result. */
  source: z.string().min(1).max(200_000),
  timeoutMs: z.number().int().min(1).max(60_000).default(5000),
});
export type CodeBinding = z.infer<typeof CodeBinding>;

/** Asks a configured model: what a language model can do by itself (translate, extract, classify). */
export const ModelBinding = z.strictObject({
  kind: z.literal("model"),
  model: z.string().default("default"),
  instructions: z.string().min(1).max(20_000),
  /** The user's message with `{{argument}}` slots, each filled once. */
  input: z.string().min(1).max(20_000),
  /** JSON Schema of the answer, when it is JSON. */
  schema: z.record(z.string(), z.unknown()).optional(),
});
export type ModelBinding = z.infer<typeof ModelBinding>;

export const ApiParameter = z.strictObject({
  /** Its name in the arguments. */
  arg: z.string(),
  name: z.string(),
  in: z.enum(["path", "query", "header", "cookie"]),
  style: z.enum(["form", "simple", "label", "matrix", "spaceDelimited", "pipeDelimited", "deepObject"]),
  explode: z.boolean(),
  /** The value goes as JSON text. */
  json: z.boolean().optional(),
});
export type ApiParameter = z.infer<typeof ApiParameter>;

export const ApiAuth = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("header"), header: z.string(), value: HeaderValue }),
  z.strictObject({ kind: z.literal("query"), name: z.string(), secret: z.string() }),
  z.strictObject({ kind: z.literal("cookie"), name: z.string(), secret: z.string() }),
  /** OAuth 2 client credentials: the secret is `client_id:client_secret`. */
  z.strictObject({ kind: z.literal("oauth"), tokenUrl: z.string(), scopes: z.array(z.string()), secret: z.string() }),
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
      /** `args`: these arguments are the body's properties; `whole`: one argument is the body. */
      from: z.union([
        z.strictObject({
          args: z.array(z.strictObject({ arg: z.string(), name: z.string(), file: z.boolean().optional() })),
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

/** `http/x`, `code/x`, `model/x` or `openapi/<api>/x`. */
export const TOOL_NAME =
  /^(?:(?:http|code|model)\/[A-Za-z0-9_-]{1,64}|openapi\/[a-z0-9][a-z0-9-]{0,31}\/[A-Za-z0-9_.-]{1,64})$/;

export const StoredTool = z.strictObject({
  name: z
    .string()
    .regex(
      TOOL_NAME,
      'A tool is named "http/x", "code/x", "model/x" or "openapi/<api>/x", x of A-Z, a-z, 0-9, _ and -.',
    ),
  summary: z.string().min(1).max(4000),
  parameters: z.record(z.string(), z.unknown()),
  effect: Effect,
  repeatable: z.boolean().optional(),
  source: z.string().max(200).optional(),
  binding: Binding,
});
export type StoredTool = z.infer<typeof StoredTool>;

/** Names of the secrets that a binding needs. */
export function secretsOf(binding: Binding): string[] {
  const names = new Set<string>();
  const header = (value: HeaderValue) => {
    if (typeof value !== "string") names.add(value.secret);
  };
  if (binding.kind === "http") Object.values(binding.headers).forEach(header);
  if (binding.kind === "openapi")
    for (const auth of binding.auth) {
      if (auth.kind === "header") header(auth.value);
      else names.add(auth.secret);
    }
  return [...names];
}

/** Tools read from a file or document, not stored yet. */
export interface ImportedTools {
  tools: StoredTool[];
  report: ToolImportReport["report"];
  /** Name of the API, all of whose earlier tools these replace. */
  api?: string;
}
