/** Model providers, available models, and the result of a provider test. */
import { z } from "zod";
import { ERROR_CODES } from "../../runtime/error.ts";
import { ModelProfile } from "../../runtime/model.ts";

export const ModelName = z.string().regex(/^[a-z][a-z0-9-]{0,31}\/\S{1,200}$/, "Write a model as provider/model.");

const { nativeTools, format, contextTokens, outputTokens, ...rest } = ModelProfile.shape;

/** A partial profile. `ModelProfile.partial()` would add defaults, which would override the known profile of a model. */
const PartialProfile = z.strictObject({
  ...rest,
  nativeTools: nativeTools.unwrap().optional(),
  format: format.unwrap().optional(),
  contextTokens: contextTokens.unwrap().optional(),
  outputTokens: outputTokens.unwrap().optional(),
});

const ProviderId = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    "An id has 1 to 32 lower-case letters, digits and hyphens, and starts with a letter.",
  );

/** A provider to save. `demo` and `local` are built in; `patchbay models install` adds local models. */
export const NewProvider = z.strictObject({
  id: ProviderId,
  aliases: z
    .array(ProviderId)
    .max(50)
    .optional()
    .describe("Earlier ids. Graphs and published versions that name a model by one of them still work."),
  kind: z.enum(["openai-compatible", "anthropic"]),
  baseUrl: z.string().trim().max(2_000).optional(),
  apiKey: z.strictObject({ secret: z.string().min(1).max(200) }).optional(),
  /** Absent: the models that the endpoint lists. */
  models: z.array(z.string().trim().min(1).max(200)).max(1_000).optional(),
  profile: PartialProfile.optional(),
  /** Used when a call to this provider fails after all retries. */
  fallback: ModelName.optional(),
});
export type NewProvider = z.infer<typeof NewProvider>;

export const Provider = NewProvider.extend({ kind: z.enum(["openai-compatible", "anthropic", "local", "demo"]) });
export type Provider = z.infer<typeof Provider>;

export const ModelCard = z.object({
  name: z.string().describe("provider/model, as used in a graph."),
  aliases: z.array(z.string()).optional().describe("Its names under earlier ids of the provider."),
  provider: z.string(),
  demo: z.boolean().optional(),
  isDefault: z.boolean().optional(),
  embeds: z.boolean().optional().describe("An embedding model: for knowledge, not for chat."),
  profile: ModelProfile,
});
export type ModelCard = z.infer<typeof ModelCard>;

export const ModelList = z.object({
  providers: z.array(Provider),
  models: z.array(ModelCard),
  defaultModel: z
    .string()
    .optional()
    .describe("The configured default model. It is not in `models` when it is unavailable."),
  embedder: z.string().optional().describe("The default embedding model."),
});
export type ModelList = z.infer<typeof ModelList>;

export const ProviderTest = z.object({
  ok: z.boolean(),
  /** Error code; the editor translates it. */
  code: z.enum(ERROR_CODES).optional(),
  /** One sentence, in English. */
  message: z.string(),
  models: z.array(z.string()),
  /** The model that was called. */
  tried: z.string().optional(),
  /** Suggested profile changes, by the result of the test; absent when the profile already matches. */
  suggests: PartialProfile.optional(),
  /** Detected capabilities; absent when not tested. */
  found: z.object({
    chat: z.boolean().optional(),
    streams: z.boolean().optional(),
    tools: z.boolean().optional(),
    vision: z.boolean().optional(),
    embeddings: z.boolean().optional(),
    structured: z.boolean().optional(),
  }),
  latencyMs: z.number().optional(),
});
export type ProviderTest = z.infer<typeof ProviderTest>;
