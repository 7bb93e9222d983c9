/** `npm start`: reads the environment, opens the stores, listens, prints one ready line. `--dev`: with hot reload; `--no-editor`: for programs alone. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PatchbayError } from "../runtime/error.ts";
import { openAuth } from "./auth.ts";
import { buildEditor } from "./editor-build.ts";
import { parseEnv } from "./env.ts";
import { listen } from "./listen.ts";
import { openServices } from "./open-services.ts";
import { signInUrl } from "./routes/sign-in.ts";
import { chatPage, staticFiles } from "./static-files.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
/** What runs must have come to rest by then when the process is asked to stop. */
const STOP_MS = 18_000;

async function main(): Promise<void> {
  const dev = process.argv.includes("--dev");
  const withEditor = !process.argv.includes("--no-editor");
  const env = parseEnv(process.env);
  const auth = openAuth(env);
  // Programs can call without an editor, so a failed build does not stop the start; what stood before is served.
  const editor = dev || !withEditor ? undefined : buildEditor(ROOT).catch((error: Error) => console.error(error.message));
  const opened = await openServices(env);
  await editor;
  const server = await listen({
    services: opened.services,
    auth,
    pages: dev || !withEditor ? undefined : staticFiles(join(ROOT, "dist", "editor")),
    devRoot: dev ? ROOT : undefined,
  });
  await opened.start();

  let stopping = false;
  const stop = async () => {
    if (stopping) process.exit(1);
    stopping = true;
    const timer = setTimeout(() => {
      console.error("Patchbay did not come to rest in time; what runs goes on at the next start.");
      process.exit(0);
    }, STOP_MS);
    timer.unref();
    await server.stop(opened);
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);

  console.log(`Patchbay is ready: ${signInUrl(env.url ?? server.origin, auth.newCode())}`);
}

process.on("unhandledRejection", (reason) => console.error("Unexpected:", reason));
main().catch((error) => {
  // What can be mended is one line; our own faults keep their stack.
  console.error(error instanceof PatchbayError ? error.message : error);
  process.exit(1);
});
