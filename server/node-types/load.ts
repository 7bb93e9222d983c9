/**
 * Node types from the folder `PATCHBAY_NODES`. Their code runs in this process with all of its rights: it is trusted as
 * the operator's own. The editor runs the same files in the browser for forms, ports and previews.
 */
import { readdir, readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { definitions } from "../../nodes/index.ts";
import { type NodeModule, nodeKit } from "../../nodes/kit.ts";
import { PatchbayError } from "../../runtime/error.ts";
import type { NodeDefinition, NodeTable } from "../../runtime/node.ts";
import { definitionFaults } from "../../runtime/node-contract.ts";
import { nodeTable } from "../../runtime/resolve.ts";

export interface NodeTypes {
  /** Built-in types first, then those of the folder in the order of their file names. */
  table: NodeTable;
  /** JavaScript for the editor, by node type; those of the folder only. */
  modules: ReadonlyMap<string, string>;
}

const EXTENSIONS = [".ts", ".mjs", ".js"];
/** An import that stays after the types are removed: the browser could not resolve it. */
const STATIC_IMPORT = /^\s*(?:import\s*["'{*\w]|export\s[^;"']*\sfrom\s*["'])/m;

/** Rejects with `bad_request`: one line that names the file, what is wrong and how to fix it. */
export async function loadNodeTypes(folder?: string): Promise<NodeTypes> {
  const modules = new Map<string, string>();
  if (folder === undefined) return { table: nodeTable(definitions), modules };
  const found: NodeDefinition[] = [...definitions];
  const origin = new Map(definitions.map(({ type }) => [type, "Patchbay itself"]));
  for (const name of await moduleNames(folder)) {
    const { definition, source } = await loadModule(join(folder, name), name);
    const other = origin.get(definition.type);
    if (other !== undefined)
      throw broken(name, `The type "${definition.type}" is already defined by ${other}; rename it.`);
    origin.set(definition.type, name);
    found.push(definition);
    modules.set(definition.type, source);
  }
  return { table: nodeTable(found), modules };
}

async function moduleNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new PatchbayError(
      "bad_request",
      `PATCHBAY_NODES: cannot read the folder ${folder} (${error.code}); create it, or remove the setting.`,
    );
  });
  return names
    .filter((name) => EXTENSIONS.includes(extname(name)) && !/\.(test|d)\.[a-z]+$/.test(name) && !name.startsWith("."))
    .sort();
}

async function loadModule(file: string, name: string): Promise<{ definition: NodeDefinition; source: string }> {
  const text = await readFile(file, "utf8");
  let source: string;
  let definition: unknown;
  try {
    source = extname(file) === ".ts" ? stripTypeScriptTypes(text) : text;
  } catch (error) {
    throw broken(name, `Its types cannot be removed: ${messageOf(error)} Use only types that can be erased.`);
  }
  if (STATIC_IMPORT.test(source))
    throw broken(
      name,
      "It imports another module; take what it needs from its argument, or use `await import(…)` inside `run`.",
    );
  try {
    const { default: make } = (await import(/* @vite-ignore */ pathToFileURL(resolve(file)).href)) as {
      default?: NodeModule;
    };
    if (typeof make !== "function")
      throw new TypeError("Export a function as default: (kit) => kit.defineNode({ … }).");
    definition = make(nodeKit);
  } catch (error) {
    throw broken(name, `It cannot be loaded: ${messageOf(error)}`);
  }
  const faults = definitionFaults(definition);
  const { role } = (definition ?? {}) as Partial<NodeDefinition>;
  if (role === "input" || role === "output") faults.push("The roles input and output are built in; remove `role`.");
  if (faults.length > 0) throw broken(name, faults.join(" "));
  return { definition: definition as NodeDefinition, source };
}

const broken = (name: string, what: string) => new PatchbayError("bad_request", `PATCHBAY_NODES, ${name}: ${what}`);
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
