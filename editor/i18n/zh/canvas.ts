import type { canvas as en } from "../en/canvas.ts";
import type { Words } from "../shape.ts";

export const canvas: Words<typeof en> = {};
