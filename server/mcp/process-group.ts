/**
 * A child process with everything that it starts: in a group of its own, ended as a group, and written down so that a
 * group left behind by a killed server is ended at the next start.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Command {
  command: string;
  args: string[];
  /** The whole environment of the child. */
  env: Record<string, string>;
  cwd: string;
  /** Folder in which living groups are written down. */
  ledger: string;
}

export interface ProcessGroup {
  child: ChildProcessWithoutNullStreams;
  /** Resolves when the command itself has ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; error?: Error }>;
  /** Closes stdin, then SIGTERM, then SIGKILL to the whole group, `graceMs` between; resolves when all are gone. */
  end(graceMs: number): Promise<void>;
  /** SIGKILL to the whole group, at once. */
  kill(): void;
}

/** What a child gets of our own environment. */
const PASSED = [
  "PATH",
  "HOME",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "TEMP",
  "TMP",
  "SYSTEMROOT",
  "USERPROFILE",
  "APPDATA",
  "LOCALAPPDATA",
];

export function baseEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of PASSED) {
    const value = process.env[name];
    if (value !== undefined && !value.startsWith("()")) env[name] = value;
  }
  return env;
}

const living = new Set<ProcessGroup>();
// the last resort when the process ends without having closed what it started
process.on("exit", () => {
  for (const group of living) group.kill();
});

/** Starts a command without a shell. Never throws: a command that cannot be started ends with `error`. */
export function startGroup(command: Command): ProcessGroup {
  const child = spawn(command.command, command.args, {
    env: command.env,
    cwd: command.cwd,
    stdio: ["pipe", "pipe", "pipe"],
    shell: false,
    detached: true,
    windowsHide: true,
  });
  const note = writeNote(command, child.pid);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null; error?: Error }>((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, error }));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const kill = (signal: NodeJS.Signals = "SIGKILL") => {
    if (child.pid !== undefined) killGroup(child.pid, signal);
  };
  const gone = () => {
    living.delete(group);
    if (note) rmSync(note, { force: true });
  };
  const group: ProcessGroup = {
    child,
    ended,
    kill,
    end: async (graceMs) => {
      child.stdin.end();
      if (!(await within(ended, graceMs))) {
        kill("SIGTERM");
        await within(ended, graceMs);
      }
      kill("SIGKILL"); // also when the command has ended: what it started may live on
      await ended;
      gone();
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
  living.add(group);
  child.stdin.on("error", () => undefined); // a child that ended: `ended` tells
  // when the command ends by itself its group ends with it
  void ended.then(() => {
    kill("SIGKILL");
    gone();
  });
  return group;
}

/** Ends groups that an earlier process of ours left behind. Only where the system can prove that the pid is still the same process. */
export function reapLeftGroups(ledger: string): number {
  if (!existsSync(ledger)) return 0;
  let reaped = 0;
  for (const file of readdirSync(ledger)) {
    const path = join(ledger, file);
    const [pid, started, owner, ownerStarted] = readFileSync(path, "utf8").split(" ");
    if (owner && ownerStarted && startTime(Number(owner)) === ownerStarted) continue; // its server lives
    if (started && started !== "?" && startTime(Number(pid)) === started) {
      killGroup(Number(pid), "SIGKILL");
      reaped++;
    }
    rmSync(path, { force: true });
  }
  return reaped;
}

function writeNote(command: Command, pid: number | undefined): string | undefined {
  if (pid === undefined) return undefined;
  mkdirSync(command.ledger, { recursive: true });
  const path = join(command.ledger, String(pid));
  writeFileSync(path, `${pid} ${startTime(pid) ?? "?"} ${process.pid} ${startTime(process.pid) ?? ""}`);
  return path;
}

/** The start time of a process in kernel ticks (field 22 of its stat): with the pid it names one process for good. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined; // ended, or a system without /proc
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is gone already
  }
}

async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
