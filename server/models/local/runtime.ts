/**
 * Installs node-llama-cpp into the data folder. It is large and only local models need it, so it is not a dependency.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PatchbayError } from "../../../runtime/error.ts";

export const LLAMA_VERSION = "3.22.1";

/** By platform and processor: the package of the CPU binary. */
const BINARY_PACKAGES: Record<string, string> = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "linux-arm": "linux-armv7l",
  "darwin-x64": "mac-x64",
  "darwin-arm64": "mac-arm64-metal",
  "win32-x64": "win-x64",
  "win32-arm64": "win-arm64",
};

export interface RuntimeOptions {
  /** `<data>/models` */
  folder: string;
  /** Further builds of the binary, such as `linux-x64-cuda` or `linux-x64-vulkan`. */
  extra?: string[];
  signal: AbortSignal;
  /** The npm program and its first arguments. Set by tests only. */
  npm?: string[];
}

/** True when it was installed now, false when it was there already. Rejects with `unavailable` and npm's message. */
export async function installRuntime({
  folder,
  extra = [],
  signal,
  npm = npmProgram(),
}: RuntimeOptions): Promise<boolean> {
  const place = join(folder, "runtime");
  if (extra.length === 0 && (await installedVersion(place)) === LLAMA_VERSION) return false;
  const binary = BINARY_PACKAGES[`${process.platform}-${process.arch}`];
  if (!binary) {
    throw new PatchbayError(
      "unavailable",
      `There is no ready-made binary of llama.cpp for ${process.platform} on ${process.arch}. Run a model server beside Patchbay and add it as a provider.`,
    );
  }
  await mkdir(place, { recursive: true });
  await writeFile(
    join(place, "package.json"),
    '{ "private": true, "description": "Brought by: patchbay models install" }\n',
  );
  const packages = [
    `node-llama-cpp@${LLAMA_VERSION}`,
    ...[binary, ...extra].map((name) => `@node-llama-cpp/${name}@${LLAMA_VERSION}`),
  ];
  // Optional packages are the binaries of all platforms (700 MB), and install scripts would try to build from source.
  const flags = ["--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--save-exact"];
  await run([...npm, "install", ...flags, ...packages], place, signal);
  if ((await installedVersion(place)) !== LLAMA_VERSION) {
    throw new PatchbayError(
      "unavailable",
      `npm succeeded, but node-llama-cpp ${LLAMA_VERSION} is not in ${place}. Delete that folder and try again.`,
    );
  }
  return true;
}

async function installedVersion(place: string): Promise<string | undefined> {
  try {
    const text = await readFile(join(place, "node_modules", "node-llama-cpp", "package.json"), "utf8");
    return (JSON.parse(text) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

/** The npm that started this process, else the one on the PATH. */
function npmProgram(): string[] {
  const path = process.env.npm_execpath;
  if (path && /npm-cli\.[cm]?js$/.test(path)) return [process.execPath, path];
  return [process.platform === "win32" ? "npm.cmd" : "npm"];
}

function run([program, ...args]: string[], cwd: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new PatchbayError("unavailable", `node-llama-cpp could not be installed: ${why}`));
    const child = spawn(program!, args, { cwd, signal, stdio: ["ignore", "ignore", "pipe"], shell: false });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-4_000);
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason);
      else fail(error.code === "ENOENT" ? "npm is not on the path. Install npm, then try again." : error.message);
    });
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else if (signal.aborted) reject(signal.reason);
      else
        fail(
          said
            .trim()
            .split("\n")
            .filter((line) => /npm error|ERR/i.test(line))
            .slice(0, 5)
            .join(" ") || `npm ended with ${code}.`,
        );
    });
  });
}
