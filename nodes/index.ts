/** The one list of node types, in the order in which the palette shows them within each group. */
import type { NodeDefinition, NodeTable } from "../runtime/node.ts";
import { nodeTable } from "../runtime/resolve.ts";
import { action } from "./action.ts";
import { agent } from "./agent.ts";
import { approval } from "./approval.ts";
import { code } from "./code.ts";
import { http } from "./http.ts";
import { input } from "./input.ts";
import { llm } from "./llm.ts";
import { loop } from "./loop.ts";
import { map } from "./map.ts";
import { note } from "./note.ts";
import { output } from "./output.ts";
import { prompt } from "./prompt.ts";
import { retriever } from "./retriever.ts";
import { router } from "./router.ts";
import { tool } from "./tool.ts";

export const definitions: readonly NodeDefinition[] = [
  input,
  output,
  prompt,
  llm,
  agent,
  retriever,
  tool,
  action,
  http,
  code,
  router,
  map,
  loop,
  approval,
  note,
];

export const nodes: NodeTable = nodeTable(definitions);
