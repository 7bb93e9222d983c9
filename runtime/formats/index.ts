/** The action formats by name. */
import type { ActionFormat, ModelProfile } from "../model.ts";
import type { Format } from "./format.ts";
import { hermes } from "./hermes.ts";
import { modelscope } from "./modelscope.ts";
import { native } from "./native.ts";
import { react } from "./react.ts";

export const FORMATS: Readonly<Record<ActionFormat, Format>> = { native, hermes, react, modelscope };

/** The format for a model: the node's choice, else the profile's. With tools, a model without native tool calls gets `hermes`. */
export function formatFor(choice: ActionFormat | "auto", profile: ModelProfile, tools: boolean): Format {
  if (choice !== "auto") return FORMATS[choice];
  if (profile.nativeTools) return native;
  if (profile.format !== "native") return FORMATS[profile.format];
  return tools ? hermes : native;
}
