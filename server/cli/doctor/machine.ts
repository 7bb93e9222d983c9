/** Checks that do not open the stores: Node, data folder, disk, port, clock. */
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Env, isLoopback } from "../../process/env.ts";
import { tokenFile } from "../../process/server-file.ts";

export interface Finding {
  /** Name of the check. */
  check: string;
  state: "ok" | "warn" | "bad";
  /** The result and, for a problem, how to fix it. */
  text: string;
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const GIB = 1024 ** 3;
const MIN_NODE = 24;
/** An earlier system clock is wrong. */
const EARLIEST_TIME = Date.UTC(2026, 0, 1);

export const ok = (check: string, text: string): Finding => ({ check, state: "ok", text });
export const warn = (check: string, text: string): Finding => ({ check, state: "warn", text });
export const bad = (check: string, text: string): Finding => ({ check, state: "bad", text });

export function node(version: string): Finding {
  return Number(version.split(".", 1)[0]) >= MIN_NODE
    ? ok("node", `Node ${version}`)
    : bad("node", `Node ${version} is too old. Use npm start or npx patchbay, which run Node ${MIN_NODE}.`);
}

export function folder(path: string): Finding {
  if (!existsSync(path))
    return warn("folder", `The data folder ${path} does not exist yet. The first start creates it.`);
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok("folder", `The data folder is ${path}.`);
  } catch {
    return bad(
      "folder",
      `The data folder ${path} is not writable. Change its owner, or set PATCHBAY_DATA to another folder.`,
    );
  }
}

export function disk(path: string): Finding {
  const { bavail, bsize } = statfsSync(existsSync(path) ? path : ".");
  const free = bavail * bsize;
  const text = `${(free / GIB).toFixed(1)} GiB of disk space free.`;
  if (free < GIB) return bad("disk", `Only ${text} Free some space: a full disk stops all runs.`);
  return free < 5 * GIB
    ? warn("disk", `Only ${text} Free some space, or keep runs for fewer days under Settings.`)
    : ok("disk", text);
}

/** Checks that only their owner can read the files of the admin token and the secrets key. */
export function privateFiles(dataDir: string): Finding[] {
  return [tokenFile(dataDir), join(dataDir, "secrets.key")].flatMap((file) => {
    if (!existsSync(file) || (statSync(file).mode & 0o077) === 0) return [];
    return [bad("private", `${file} can be read by other users. Run: chmod 600 ${file}`)];
  });
}

export function editor(): Finding {
  return existsSync(join(ROOT, "dist", "editor", "index.html"))
    ? ok("editor", "The editor is built.")
    : warn("editor", "The editor is not built yet. npm start builds it.");
}

export function clock(now: number): Finding {
  return now < EARLIEST_TIME
    ? bad(
        "clock",
        `The system clock is wrong (${new Date(now).toISOString().slice(0, 10)}). Set it: schedules and certificates depend on it.`,
      )
    : ok("clock", `The system clock is ${new Date(now).toISOString().slice(0, 16).replace("T", " ")} UTC.`);
}

/** Checks the public address of a server that other machines can reach. */
export function reach({ host, url }: Env): Finding[] {
  if (isLoopback(host)) return [];
  if (!url)
    return [warn("reach", `Other machines can reach the server at ${host}. Set PATCHBAY_URL to its public address.`)];
  return url.startsWith("https:")
    ? [ok("reach", `Other machines can reach the server at ${url}.`)]
    : [warn("reach", `${url} is not https, so tokens are sent unencrypted. Put an https proxy in front.`)];
}

export async function port({ host, port: wanted }: Env): Promise<Finding> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(
        bad(
          "port",
          error.code === "EADDRINUSE"
            ? `Port ${wanted} is in use by another program. Stop it, or set PORT to another port (0 uses any free one).`
            : `Cannot listen on ${host}:${wanted} (${error.code}). Check HOST and PORT.`,
        ),
      ),
    );
    server.listen(wanted, host, () => server.close(() => resolve(ok("port", `${host}:${wanted} is free.`))));
  });
}
