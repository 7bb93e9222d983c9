/** The operator's own node types (see docs/nodes.md): the editor loads the server's modules and adds them to its list. */
import type { NodeModule } from "../../nodes/kit.ts";
import { api } from "../api/api.ts";

let loading: Promise<void> | undefined;

/** Resolves when the list of node types is complete. A module that fails is logged; its nodes show as unknown. */
export function loadNodeModules(): Promise<void> {
  loading ??= load().catch((error: unknown) => console.error("The node types of this server cannot be loaded.", error));
  return loading;
}

async function load(): Promise<void> {
  const { modules } = await api.nodes.modules();
  if (modules.length === 0) return;
  // Loaded here: the start page needs no node types, and most servers have none of their own.
  const [{ nodeKit }, { addNodeType }] = await Promise.all([
    import("../../nodes/kit.ts"),
    import("../graph/node-types.ts"),
  ]);
  for (const { type, url } of modules)
    try {
      const { default: make } = (await import(/* @vite-ignore */ url)) as { default: NodeModule };
      addNodeType(make(nodeKit));
    } catch (error) {
      console.error(`The node type "${type}" cannot be loaded.`, error);
    }
}
