/** Model providers, the models that can be chosen, and what a test of a provider found. */
import { z } from "zod";
import { ERROR_CODES } from "../../runtime/error.ts";
import { ModelProfile } from "../../runtime/model.ts";

export const ModelName = z.string().regex(/^[a-z][a-z0-9-]{0,31}\/\S{1,200}$/, "Write a model as provider/model.");

const { nativeTools, format, contextTokens, outputTokens, ...rest } = ModelProfile.shape;

/** A part of a profile. `ModelProfile.partial()` would fill in the defaults, and they would win over what is known of a model. */
const PartialProfile = z.strictObject({
  ...rest,
  nativeTools: nativeTools.unwrap().optional(),
  format: format.unwrap().optional(),
  contextTokens: contextTokens.unwrap().optional(),
  outputTokens: outputTokens.unwrap().optional(),
});

/** What may be saved. `demo` and `local` are built in; local models come by `patchbay models install`. */
export const NewProvider = z.strictObject({
  id: z
    .string()
    .regex(
      /^[a-z][a-z0-9-]{0,31}$/,
      "An id is 1 to 32 lower-case letters, digits and dashes, and begins with a letter.",
    ),
  kind: z.enum(["openai-compatible", "anthropic"]),
  baseUrl: z.string().trim().max(2_000).optional(),
  apiKey: z.strictObject({ secret: z.string().min(1).max(200) }).optional(),
  /** Absent: what the endpoint lists. */
  models: z.array(z.string().trim().min(1).max(200)).max(1_000).optional(),
  profile: PartialProfile.optional(),
  /** Used when a model of this provider fails for good. */
  fallback: ModelName.optional(),
});
export type NewProvider = z.infer<typeof NewProvider>;

export const Provider = NewProvider.extend({ kind: z.enum(["openai-compatible", "anthropic", "local", "demo"]) });
export type Provider = z.infer<typeof Provider>;

export const ModelCard = z.object({
  name: z.string().describe("provider/model, as a graph names it."),
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
    .describe("What `default` was set to; a model that cannot be had is not among the models."),
  embedder: z.string().optional().describe("What searches by meaning where nothing else is chosen."),
});
export type ModelList = z.infer<typeof ModelList>;

export const ProviderTest = z.object({
  ok: z.boolean(),
  /** What went wrong; the editor has its words in the user's language. */
  code: z.enum(ERROR_CODES).optional(),
  /** One sentence, in English. */
  message: z.string(),
  models: z.array(z.string()),
  /** The model that was called. */
  tried: z.string().optional(),
  /** What the profile should say by what was found; absent if it says so already. */
  suggests: PartialProfile.optional(),
  /** By capability; absent where it was not tried. */
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
