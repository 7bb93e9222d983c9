import { canvas } from "./canvas.ts";
import { common } from "./common.ts";
import { nodes } from "./nodes.ts";
import { shell } from "./shell.ts";

export const zh = { common, shell, canvas, nodes };
