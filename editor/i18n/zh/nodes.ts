import type { nodes as en } from "../en/nodes.ts";
import type { Words } from "../shape.ts";

export const nodes: Words<typeof en> = {};
