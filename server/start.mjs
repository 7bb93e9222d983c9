// The entry of `npm start`. It turns on V8's compile cache before the server is imported, and is JavaScript, because
// Node would load its type stripper (about 20 MB) for the first file in TypeScript.
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/compile", import.meta.url)));
await import("./main.ts");
