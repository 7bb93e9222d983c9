/** The server process (`start.mjs` imports it). Options: `--dev` (hot reload), `--no-editor` (API only), `--role web|worker|all`. */
import { flushCompileCache } from "node:module";
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
import { releaseMemory } from "./process/release-memory.ts";
import { removeServerFile, writeServerFile } from "./process/server-file.ts";
import { FaultHandler } from "./process/uncaught.ts";
import type { Role } from "./queue/stores.ts";
import { signInUrl } from "./routes/sign-in.ts";
import { createLogger } from "./telemetry/logger.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
/** Time for runs to end or park when the process is asked to stop. */
const STOP_MS = 18_000;

async function main(): Promise<void> {
  const dev = process.argv.includes("--dev");
  const env = parseEnv(process.env);
  const role = parseRole(process.argv, env);
  // A worker serves no pages.
  const withEditor = !process.argv.includes("--no-editor") && role !== "worker";
  const logger = createLogger({ level: env.logLevel });
  const faults = new FaultHandler({ report: (thrown, fields) => logger.report(thrown, fields) });
  faults.install();
  for (const warning of env.warnings) logger.warn(warning);
  const auth = openAuth(env);
  // Before the editor is built, to report a port in use immediately.
  await canListen(env);
  // The API works without an editor, so a failed build only logs a warning. The previous build is served.
  const editor = dev || !withEditor ? undefined : buildEditor(ROOT).catch((error: Error) => logger.warn(error.message));
  const opened = await openServices(env, role, logger);
  await editor;
  const server = await listen({
    env,
    app: (pages) => buildApp({ services: opened.services, auth, ...pages }),
    pages: dev || !withEditor ? undefined : staticFiles(join(ROOT, "dist", "editor")),
    chatPage: dev || !withEditor ? undefined : chatPage(join(ROOT, "dist", "editor")),
    devRoot: dev ? ROOT : undefined,
  });
  await opened.start();
  faults.started((kind) => opened.services.metrics.fault(kind));
  writeServerFile(env.dataDir, server.origin);

  let stopping = false;
  const stop = async () => {
    if (stopping) process.exit(1);
    stopping = true;
    removeServerFile(env.dataDir);
    const timer = setTimeout(() => {
      logger.warn("Some runs did not end in time. They continue at the next start.");
      process.exit(0);
    }, STOP_MS);
    timer.unref();
    await server.stop(opened);
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);

  console.log(`Patchbay is ready: ${signInUrl(env.url ?? server.origin, auth.newCode())}`);
  setTimeout(() => {
    // A process that is killed would not write it.
    flushCompileCache();
    releaseMemory();
  }, 1_000).unref();
}

/** Throws `bad_request` for an unknown role, or for a role that needs PostgreSQL. */
function parseRole(argv: string[], env: Env): Role {
  const index = argv.findIndex((word) => word === "--role" || word.startsWith("--role="));
  if (index < 0) return "all";
  const role = argv[index]!.split("=")[1] ?? argv[index + 1];
  if (role !== "web" && role !== "worker" && role !== "all")
    throw new PatchbayError("bad_request", `--role must be web, worker or all, not "${role ?? ""}".`);
  if (role !== "all" && env.databaseUrl === undefined)
    throw new PatchbayError(
      "bad_request",
      `--role ${role} needs PATCHBAY_DATABASE_URL, because processes share runs over PostgreSQL.`,
    );
  return role;
}

main().catch((error) => {
  // An error for the operator is one line; a bug keeps its stack.
  console.error(error instanceof PatchbayError ? error.message : error);
  process.exit(1);
});
