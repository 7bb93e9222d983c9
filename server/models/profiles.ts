/**
 * Profiles of common models by name: context, tools, action format, prices. They are a first guess: each key of the
 * provider's own `profile` overrides them, and the provider test shows what an endpoint really supports.
 *
 * A name without a row gets the schema's defaults: native tools, 32,768 tokens of context, 4,096 of output.
 */
import { ModelProfile } from "../../runtime/model.ts";
import { KNOWN_MODELS, LIST_PRICES } from "./known-models.ts";

/** What a server has shown of a model. */
export interface Learned {
  /** Tokens of the context, by a refusal. */
  refusedContext?: number;
  /** Tokens of the context, by the list of models. */
  listedContext?: number;
  /** It refuses tools. */
  noTools?: boolean;
}

/**
 * The profile of a model by its id at the provider. The host of `baseUrl` selects the list prices. What the server
 * refused is certain. A list counts when the provider's own profile says nothing, and never for more than the known
 * weights take.
 */
export function profileFor(
  id: string,
  own: Partial<ModelProfile> | undefined,
  baseUrl?: string,
  { refusedContext, listedContext, noTools }: Learned = {},
): ModelProfile {
  const name = id.toLowerCase();
  const known = KNOWN_MODELS.find((row) => row.match.test(name));
  const prices = baseUrl ? listPrice(new URL(baseUrl).hostname, name) : undefined;
  const { match: _match, ...facts } = known ?? { match: undefined };
  const profile = ModelProfile.parse({ ...facts, ...(prices ? { prices } : {}), ...definedOnly(own) });
  if (listedContext !== undefined && own?.contextTokens === undefined)
    profile.contextTokens = Math.min(listedContext, known?.contextTokens ?? listedContext);
  if (refusedContext !== undefined) profile.contextTokens = Math.min(profile.contextTokens, refusedContext);
  if (noTools) profile.nativeTools = false;
  return profile;
}

/** False for embedders and for speech, image and moderation models. */
export function canChat(id: string): boolean {
  return !NON_CHAT_NAME.test(id.toLowerCase());
}

export function canEmbed(id: string): boolean {
  return EMBEDDER_NAME.test(id.toLowerCase());
}

const EMBEDDER_NAME = /embed|\bbge\b|bge-|\bgte\b|gte-|\be5\b|e5-|minilm|arctic-embed|jina-clip/;
const NON_CHAT_NAME =
  /embed|bge-|gte-|e5-|minilm|rerank|whisper|tts|dall-e|moderation|transcribe|realtime|-audio|image-|stable-diffusion|flux|sora|davinci|babbage|paraformer|cosyvoice|wanx/;

function listPrice(host: string, name: string): { input: number; output: number } | undefined {
  const row = LIST_PRICES.find((price) => host === price.host && price.match.test(name));
  return row && { input: row.input, output: row.output };
}

function definedOnly(own: Partial<ModelProfile> | undefined): Partial<ModelProfile> {
  return Object.fromEntries(Object.entries(own ?? {}).filter(([, value]) => value !== undefined));
}
