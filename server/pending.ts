/** A room that is being built: it stands here until its own file does. */
import { PatchbayError } from "../runtime/error.ts";
import type { Sandbox } from "./services.ts";

export const pendingSandbox: Sandbox = {
  evaluate: async () => {
    throw new PatchbayError("unavailable", "The sandbox for code is not there yet.");
  },
  close: async () => {},
};
