/** The one list of built-in tools. */
import type { BuiltinTool } from "./builtin.ts";
import { calculator } from "./calculator.ts";
import { clock } from "./clock.ts";
import { httpGet } from "./http-get.ts";
import { json } from "./json.ts";
import { knowledgeSearch } from "./knowledge-search.ts";
import { text } from "./text.ts";
import { toolSearch } from "./tool-search.ts";

export const builtinTools: readonly BuiltinTool[] = [
  calculator,
  clock,
  json,
  text,
  httpGet,
  toolSearch,
  knowledgeSearch,
];
