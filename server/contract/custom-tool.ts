/** Custom tools: an HTTP request, sandboxed JavaScript, or a model call. */
import { z } from "zod";
import { Effect } from "../../runtime/tool.ts";

/** Literal text, or a reference to a secret. The secret's value stays on the server. */
export const HeaderValue = z.union([
  z.string().max(8000),
  z.strictObject({
    secret: z.string().min(1).max(128),
    /** Prepended to the value, such as "Bearer ". */
    prefix: z.string().max(100).optional(),
    /** `basic`: the secret is `user:password` and is sent as HTTP Basic. */
    as: z.enum(["basic"]).optional(),
  }),
]);
export type HeaderValue = z.infer<typeof HeaderValue>;

/** Selects the part of a response that the model reads. Default: all of it. */
export const OutputRule = z.strictObject({
  /** Path in a JSON response, such as `data.0.url`. */
  pick: z.string().max(500).optional(),
  /** The selected text is a file: base64 bytes, or a URL to download. */
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
  /** JavaScript. The arguments are `input`; the result is the value of `return` or of the last expression. */
  source: z.string().min(1).max(200_000),
  timeoutMs: z.number().int().min(1).max(60_000).default(5000),
});
export type CodeBinding = z.infer<typeof CodeBinding>;

/** Calls a configured model, for tasks such as translation, extraction and classification. */
export const ModelBinding = z.strictObject({
  kind: z.literal("model"),
  model: z.string().default("default"),
  instructions: z.string().min(1).max(20_000),
  /** The user's message with `{{argument}}` slots, each filled once. */
  input: z.string().min(1).max(20_000),
  /** JSON Schema of the model's output, for JSON output. */
  schema: z.record(z.string(), z.unknown()).optional(),
});
export type ModelBinding = z.infer<typeof ModelBinding>;

/** `http/x`, `code/x`, `model/x` or `openapi/<api>/x`. */
export const TOOL_NAME =
  /^(?:(?:http|code|model)\/[A-Za-z0-9_-]{1,64}|openapi\/[a-z0-9][a-z0-9-]{0,31}\/[A-Za-z0-9_.-]{1,64})$/;

export const toolShape = {
  name: z
    .string()
    .regex(
      TOOL_NAME,
      'A tool name is "http/x", "code/x", "model/x" or "openapi/<api>/x", where x has A-Z, a-z, 0-9, _ and -.',
    ),
  summary: z.string().min(1).max(4000),
  parameters: z.record(z.string(), z.unknown()),
  effect: Effect,
  repeatable: z.boolean().optional(),
  source: z.string().max(200).optional(),
};

const { kind: _http, ...httpShape } = HttpBinding.shape;
const { kind: _code, ...codeShape } = CodeBinding.shape;
const { kind: _model, ...modelShape } = ModelBinding.shape;

/** A custom tool as the API takes it, with one of `http`, `code` and `model`, by the prefix of its name. */
export const CustomTool = z.strictObject({
  ...toolShape,
  parameters: toolShape.parameters.default({ type: "object", properties: {} }),
  effect: toolShape.effect.default("outside"),
  http: z.strictObject(httpShape).optional(),
  code: z.strictObject(codeShape).optional(),
  model: z.strictObject(modelShape).optional(),
});
export type CustomTool = z.infer<typeof CustomTool>;
