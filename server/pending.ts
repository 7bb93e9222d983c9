/** Rooms that are being built: each stands here until its own file does. */
import { PatchbayError } from "../runtime/error.ts";
import type { McpServers, Sandbox, Toolbox } from "./services.ts";

function soon(): never {
  throw new PatchbayError("unavailable", "This part is not there yet.");
}

export const pendingToolbox: Toolbox = {
  cards: async () => [],
  specs: async () => soon(),
  search: async () => [],
  call: async () => soon(),
  save: async () => soon(),
  delete: async () => false,
  import: async () => soon(),
};
export const pendingMcp: McpServers = {
  cards: async () => [],
  add: async () => soon(),
  approve: async () => soon(),
  tools: async () => [],
  delete: async () => false,
  close: async () => {},
};
export const pendingSandbox: Sandbox = { evaluate: async () => soon(), close: async () => {} };
