/** `npm run build`: builds the editor, as the server does at its start. */
import { fileURLToPath } from "node:url";
import { buildEditor } from "./editor-build.ts";

await buildEditor(fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, ""));
