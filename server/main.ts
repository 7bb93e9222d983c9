/** `npm start`: reads the environment, opens the stores, listens, prints one ready line. `--dev`: with hot reload; `--no-editor`: for programs alone; `--role web|worker|all`. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PatchbayError } from "../runtime/error.ts";
import { buildApp } from "./app.ts";
import { openAuth } from "./http/auth.ts";
import { chatPage, staticFiles } from "./http/static-files.ts";
import { openServices } from "./open-services.ts";
import { buildEditor } from "./process/editor-build.ts";
import { type Env, parseEnv } from "./process/env.ts";
import { canListen, listen } from "./process/listen.ts";
import { removeServerFile, writeServerFile } from "./process/server-file.ts";
import type { Role } from "./queue/open-stores.ts";
import { signInUrl } from "./routes/sign-in.ts";
import { createLogger } from "./telemetry/logger.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
/** What runs must have come to rest by then when the process is asked to stop. */
const STOP_MS = 18_000;

async function main(): Promise<void> {
  const dev = process.argv.includes("--dev");
  const withEditor = !process.argv.includes("--no-editor");
  const env = parseEnv(process.env);
  const logger = createLogger({ level: env.logLevel });
  process.on("unhandledRejection", (reason) => logger.report(reason));
  const auth = openAuth(env);
  // Before the editor is built: a port that is taken is told at once.
  await canListen(env);
  // Programs can call without an editor, so a failed build does not stop the start; what stood before is served.
  const editor = dev || !withEditor ? undefined : buildEditor(ROOT).catch((error: Error) => logger.warn(error.message));
  const opened = await openServices(env, parseRole(process.argv, env), logger);
  await editor;
  const server = await listen({
    env,
    app: (pages) => buildApp({ services: opened.services, auth, ...pages }),
    pages: dev || !withEditor ? undefined : staticFiles(join(ROOT, "dist", "editor")),
    chatPage: dev || !withEditor ? undefined : chatPage(join(ROOT, "dist", "editor")),
    devRoot: dev ? ROOT : undefined,
  });
  await opened.start();
  writeServerFile(env.dataDir, server.origin);

  let stopping = false;
  const stop = async () => {
    if (stopping) process.exit(1);
    stopping = true;
    removeServerFile(env.dataDir);
    const timer = setTimeout(() => {
      logger.warn("Patchbay did not come to rest in time; what runs goes on at the next start.");
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

/** Throws `bad_request` for a role that is none, or that one process cannot have. */
function parseRole(argv: string[], env: Env): Role {
  const place = argv.findIndex((word) => word === "--role" || word.startsWith("--role="));
  if (place < 0) return "all";
  const role = argv[place]!.split("=")[1] ?? argv[place + 1];
  if (role !== "web" && role !== "worker" && role !== "all")
    throw new PatchbayError("bad_request", `--role ${role ?? ""} is none; it is web, worker or all.`);
  if (role !== "all" && env.databaseUrl === undefined)
    throw new PatchbayError(
      "bad_request",
      `--role ${role} needs PATCHBAY_DATABASE_URL: processes share runs over PostgreSQL.`,
    );
  return role;
}

main().catch((error) => {
  // What can be mended is one line; our own faults keep their stack.
  console.error(error instanceof PatchbayError ? error.message : error);
  process.exit(1);
});
