#!/usr/bin/env node
// The command `patchbay`. Started by a Node older than 24, it goes on with the one that came as a dependency.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("./cli.ts", import.meta.url));
const able = Number(process.versions.node.split(".")[0]) >= 24;
// The server as `npm start` runs it. The size of V8's nursery can only be told to a process that begins.
const flags = process.argv[2] === "serve" ? ["--max-semi-space-size=16"] : [];

if (able && flags.every((flag) => process.execArgv.includes(flag))) {
  module.enableCompileCache?.(fileURLToPath(new URL("../node_modules/.cache/compile", import.meta.url)));
  await import(cli);
} else {
  const node = able ? process.execPath : packagedNode();
  if (!node) {
    console.error(
      `Patchbay needs Node 24; this is ${process.version}, and the packaged one is missing: run npm install in its folder.`,
    );
    process.exit(1);
  }
  const child = spawn(node, [...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`Node 24 could not be started (${error.message}): run npm install again.`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}

function packagedNode() {
  for (const folder of module.createRequire(import.meta.url).resolve.paths("node") ?? []) {
    const file = join(folder, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
    if (existsSync(file)) return file;
  }
  // Where npm put the bin link alone.
  const link = join(dirname(cli), "..", "node_modules", ".bin", "node");
  return existsSync(link) ? link : undefined;
}
