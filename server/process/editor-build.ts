/** Builds the editor when its sources differ from those of `dist/editor`. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { PatchbayError } from "../../runtime/error.ts";

const SOURCES = ["editor", "nodes", "runtime", "vite.config.ts", "package.json"];

/**
 * Resolves with the folder of the built editor. The build runs in a child process, to free its memory afterwards, and
 * writes to a temporary folder, which then replaces the old one. Rejects with `unavailable` and the last output of the
 * build.
 */
export async function buildEditor(root: string): Promise<string> {
  const folder = join(root, "dist", "editor");
  const stampFile = join(root, "dist", "editor.stamp");
  const stamp = fingerprint(root);
  if (existsSync(join(folder, "index.html")) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp)
    return folder;
  const fresh = join(root, "dist", `editor-${process.pid}`);
  mkdirSync(join(root, "dist"), { recursive: true });
  try {
    await vite(root, fresh);
    const old = join(root, "dist", `editor-old-${process.pid}`);
    if (existsSync(folder)) renameSync(folder, old);
    renameSync(fresh, folder);
    rmSync(old, { recursive: true, force: true });
    writeFileSync(stampFile, stamp);
    return folder;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function vite(root: string, outDir: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const bin = join(root, "node_modules", "vite", "bin", "vite.js");
    const args = [bin, "build", "--outDir", outDir, "--emptyOutDir", "--logLevel", "warn"];
    const child = spawn(process.execPath, args, {
      cwd: root,
      // The server's own NODE_ENV would choose the development build of the libraries.
      env: { ...process.env, NODE_ENV: "production" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-3000);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new PatchbayError(
            "unavailable",
            `The editor could not be built (vite exited with ${code}):\n${stripVTControlCharacters(output).trim()}`,
          ),
        );
    });
  });
}

/** Hash of the names and contents of all sources. A copy, such as a layer of an image, changes their times. */
export function fingerprint(root: string): string {
  const hash = createHash("sha256");
  const add = (path: string) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
    } else if (!/\.test\.tsx?$/.test(path))
      hash.update(`${path.slice(root.length)} ${stat.size}\n`).update(readFileSync(path));
  };
  for (const source of SOURCES) add(join(root, source));
  return hash.digest("hex");
}
