/** The node types that this editor knows: the one list of `nodes/`. */
export { definitions, nodes as table } from "../../nodes/index.ts";
