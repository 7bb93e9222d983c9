// Starts a worker thread from the TypeScript file in its first argument. With V8's compile cache the thread does not
// load the type stripper, which takes 18 MB in each.
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/compile", import.meta.url)));
await import(process.argv[2]);
