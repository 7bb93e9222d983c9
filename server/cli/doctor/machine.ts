/** What can be seen without opening anything: the program, its folder, the disk, the port, the clock. */
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tokenFile } from "../../http/auth.ts";
import { type Env, isLoopback } from "../../process/env.ts";

export interface Finding {
  /** What was looked at. */
  check: string;
  state: "ok" | "warn" | "bad";
  /** What was found and, where it is not well, how to mend it. */
  text: string;
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const GIB = 1024 ** 3;
const LEAST_NODE = 24;
/** When this was written: an earlier clock is wrong. */
const WRITTEN = Date.UTC(2026, 0, 1);

export const ok = (check: string, text: string): Finding => ({ check, state: "ok", text });
export const warn = (check: string, text: string): Finding => ({ check, state: "warn", text });
export const bad = (check: string, text: string): Finding => ({ check, state: "bad", text });

export function node(version: string): Finding {
  return Number(version.split(".", 1)[0]) >= LEAST_NODE
    ? ok("node", `Node ${version}`)
    : bad("node", `Node ${version} is too old: start by npm start or npx patchbay, which bring Node ${LEAST_NODE}.`);
}

export function folder(path: string): Finding {
  if (!existsSync(path)) return warn("folder", `The data folder ${path} is not there yet: the first start makes it.`);
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok("folder", `The data folder is ${path}.`);
  } catch {
    return bad(
      "folder",
      `The data folder ${path} cannot be written: change its owner, or set PATCHBAY_DATA to another.`,
    );
  }
}

export function disk(path: string): Finding {
  const { bavail, bsize } = statfsSync(existsSync(path) ? path : ".");
  const free = bavail * bsize;
  const text = `${(free / GIB).toFixed(1)} GiB of disk are free.`;
  if (free < GIB) return bad("disk", `Only ${text} Make room: without it nothing can be stored.`);
  return free < 5 * GIB
    ? warn("disk", `Only ${text} Think of more, or of keeping runs for less long.`)
    : ok("disk", text);
}

/** The admin's token and the key of the secrets, where they are files, are their owner's alone. */
export function privateFiles(dataDir: string): Finding[] {
  return [tokenFile(dataDir), join(dataDir, "secrets.key")].flatMap((file) => {
    if (!existsSync(file) || (statSync(file).mode & 0o077) === 0) return [];
    return [bad("private", `${file} can be read by others: chmod 600 ${file}.`)];
  });
}

export function editor(): Finding {
  return existsSync(join(ROOT, "dist", "editor", "index.html"))
    ? ok("editor", "The editor is built.")
    : warn("editor", "The editor is not built yet: npm start does it once.");
}

export function clock(now: number): Finding {
  return now < WRITTEN
    ? bad(
        "clock",
        `The clock says ${new Date(now).toISOString().slice(0, 10)}: set it, or schedules and certificates fail.`,
      )
    : ok("clock", `It is ${new Date(now).toISOString().slice(0, 16).replace("T", " ")} UTC.`);
}

/** Who can reach it, by what its environment says. */
export function reach({ host, url }: Env): Finding[] {
  if (isLoopback(host)) return [];
  if (!url)
    return [warn("reach", `Other machines reach it at ${host}: set PATCHBAY_URL to the address that they use.`)];
  return url.startsWith("https:")
    ? [ok("reach", `Other machines reach it at ${url}.`)]
    : [warn("reach", `${url} is not https: put a proxy with a certificate in front, or tokens travel in the open.`)];
}

export async function port({ host, port: wanted }: Env): Promise<Finding> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(
        bad(
          "port",
          error.code === "EADDRINUSE"
            ? `Port ${wanted} is taken by another program: stop it, or set PORT to another (0 takes any free one).`
            : `${host}:${wanted} cannot be listened on (${error.code}).`,
        ),
      ),
    );
    server.listen(wanted, host, () => server.close(() => resolve(ok("port", `${host}:${wanted} is free.`))));
  });
}
