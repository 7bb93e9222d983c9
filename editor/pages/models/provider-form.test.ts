import { expect, test } from "vitest";
import { NewProvider } from "../../../server/contract/model.ts";
import { freeId, PLACEHOLDER, PRESETS } from "./presets.ts";
import { faultsOf, formOfPreset, providerOf } from "./provider-form.ts";

const none = new Set<string>();

test.each(PRESETS.map((preset) => [preset.name, preset] as const))(
  "%s makes a provider that can be saved",
  (_, preset) => {
    const form = formOfPreset(preset, preset.id);
    form.baseUrl = form.baseUrl.replace(PLACEHOLDER, "mine");
    if (preset.needsModels) form.models = "gpt";
    form.key = preset.key === "needed" ? "a-key" : "";
    expect(faultsOf(form, none, preset)).toEqual({});
    const provider = NewProvider.parse(providerOf(form));
    expect(provider.baseUrl).toMatch(preset.local ? /^http:\/\/127/ : /^https:\/\//);
    expect(provider.apiKey === undefined).toBe(preset.key === "none");
    expect(preset.key === "needed").toBe(preset.keyUrl !== undefined);
    expect(provider.profile ?? {}).toEqual(preset.profile ?? {});
  },
);

test("an address that still has its placeholder, and a list of models that is needed, are faults", () => {
  const azure = PRESETS.find(({ id }) => id === "azure")!;
  expect(faultsOf(formOfPreset(azure, "azure"), none, azure)).toEqual({ baseUrl: "placeholder", models: "missing" });
});

test("preset ids are unique, also as ids of providers", () => {
  expect(new Set(PRESETS.map(({ id }) => id)).size).toBe(PRESETS.length);
  expect(freeId("groq", new Set(["groq", "groq-2"]))).toBe("groq-3");
});
