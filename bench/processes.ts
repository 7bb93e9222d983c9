/** Programs that a bench measures: started, read from outside, ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

export interface Program {
  pid: number;
  /** From its start to its first line. */
  startMs: number;
  /** Its first line on stdout. */
  line: string;
  /** Seconds of processor it has used; NaN where the system does not tell. */
  cpu(): number;
  /** Bytes in memory; NaN where the system does not tell. */
  rss(): number;
  stop(): Promise<void>;
}

/** The flags that `npm start` gives to Node. */
export function startFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } };
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}

/** Starts a script under this Node; resolves with its first line. Rejects with its last words when it ends before. */
export function start(
  script: string,
  args: string[] = [],
  env: Record<string, string> = {},
  flags: string[] = [],
): Promise<Program> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, [...flags, join(ROOT, script), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-2000);
    });
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${script} ended with ${code}: ${words}`)));
    child.stdout.on("data", (chunk: Buffer) => {
      if (out.includes("\n")) return;
      out += chunk.toString();
      if (out.includes("\n")) resolve(program(child, out.split("\n")[0]!, performance.now() - began));
    });
  });
}

function program(child: ChildProcess, line: string, startMs: number): Program {
  const pid = child.pid!;
  return {
    pid,
    startMs,
    line,
    cpu() {
      const stat = proc(`/proc/${pid}/stat`);
      if (stat === undefined) return Number.NaN;
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // utime and stime, in ticks of 10 ms.
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    rss() {
      const kilobytes = /VmRSS:\s+(\d+)/.exec(proc(`/proc/${pid}/status`) ?? "")?.[1];
      return kilobytes === undefined ? Number.NaN : Number(kilobytes) * 1024;
    },
    stop() {
      return new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.removeAllListeners("exit");
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      });
    },
  };
}

function proc(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
