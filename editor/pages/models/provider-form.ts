/** The values of the provider form and their conversion to a provider. */
import type { ActionFormat, ModelProfile } from "../../../runtime/model.ts";
import type { NewProvider, Provider } from "../../../server/contract/model.ts";
import { PLACEHOLDER, PROVIDER_ID, type Preset, secretName } from "./presets.ts";

export interface ProviderForm {
  id: string;
  kind: Exclude<Provider["kind"], "demo" | "local">;
  baseUrl: string;
  /** The entered key; empty keeps the stored one. */
  key: string;
  models: string;
  contextTokens: string;
  outputTokens: string;
  format: ActionFormat | "auto";
  priceIn: string;
  priceOut: string;
  fallback: string;
}

export const NO_FALLBACK = "none";

export function formOf(provider: Provider): ProviderForm {
  const { profile } = provider;
  return {
    id: provider.id,
    kind: provider.kind === "anthropic" ? "anthropic" : "openai-compatible",
    baseUrl: provider.baseUrl ?? "",
    key: "",
    models: provider.models?.join("\n") ?? "",
    contextTokens: profile?.contextTokens ? String(profile.contextTokens) : "",
    outputTokens: profile?.outputTokens ? String(profile.outputTokens) : "",
    format: profile?.format ?? "auto",
    priceIn: profile?.prices ? String(profile.prices.input) : "",
    priceOut: profile?.prices ? String(profile.prices.output) : "",
    fallback: provider.fallback ?? NO_FALLBACK,
  };
}

export function formOfPreset(preset: Pick<Preset, "kind" | "baseUrl" | "profile">, id: string): ProviderForm {
  return formOf({ id, kind: preset.kind, baseUrl: preset.baseUrl, profile: preset.profile });
}

export interface FormFaults {
  id?: "bad" | "taken";
  baseUrl?: "bad" | "placeholder";
  models?: "missing";
}

/** `taken`: ids of other providers. */
export function faultsOf(
  form: ProviderForm,
  taken: ReadonlySet<string>,
  preset?: Pick<Preset, "needsModels">,
): FormFaults {
  const faults: FormFaults = {};
  if (!PROVIDER_ID.test(form.id)) faults.id = "bad";
  else if (taken.has(form.id)) faults.id = "taken";
  if (!/^https?:\/\/\S+$/.test(form.baseUrl.trim())) faults.baseUrl = "bad";
  else if (form.baseUrl.includes(PLACEHOLDER)) faults.baseUrl = "placeholder";
  if (preset?.needsModels && form.models.trim() === "") faults.models = "missing";
  return faults;
}

/** The provider to save. `stored`: the current provider, whose key is kept if none was entered. */
export function providerOf(form: ProviderForm, stored?: Provider): NewProvider {
  const models = form.models.split(/[\n,]/).flatMap((line) => line.trim() || []);
  const profile: Partial<ModelProfile> = {};
  const whole = (text: string) => (/^\d+$/.test(text.trim()) ? Number(text) : undefined);
  const contextTokens = whole(form.contextTokens);
  const outputTokens = whole(form.outputTokens);
  if (contextTokens) profile.contextTokens = contextTokens;
  if (outputTokens) profile.outputTokens = outputTokens;
  if (form.format !== "auto") {
    profile.format = form.format;
    profile.nativeTools = form.format === "native";
  }
  const [input, output] = [Number(form.priceIn), Number(form.priceOut)];
  if (form.priceIn.trim() && form.priceOut.trim() && input >= 0 && output >= 0) profile.prices = { input, output };
  const secret = form.key.trim() ? { secret: stored?.apiKey?.secret ?? secretName(form.id) } : stored?.apiKey;
  return {
    id: form.id,
    kind: form.kind,
    baseUrl: form.baseUrl.trim(),
    ...(secret && { apiKey: secret }),
    ...(models.length > 0 && { models }),
    ...(Object.keys(profile).length > 0 && { profile }),
    ...(form.fallback !== NO_FALLBACK && { fallback: form.fallback }),
  };
}
