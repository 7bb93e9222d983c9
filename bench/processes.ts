/** Starts, measures and stops the programs of a benchmark. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

export interface Program {
  pid: number;
  /** Milliseconds from the start to the first line of output. */
  startMs: number;
  /** Its first line on stdout. */
  line: string;
  /** CPU seconds used; NaN when not available. */
  cpu(): number;
  /** Resident memory in bytes; NaN when not available. */
  rss(): number;
  stop(): Promise<void>;
}

/** The origin in the ready line of a server. */
export function originOf({ line }: Program): string {
  return new URL(line.slice(line.indexOf("http"))).origin;
}

/** The Node flags of `npm start`. */
export function startFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } };
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}

/** Starts a script with this Node. Resolves at its first line of output; rejects with its error output if it exits earlier. */
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
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-2000);
    });
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${script} exited with ${code}: ${errors}`)));
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
