/**
 * A child process with everything that it starts, in a process group of its own that is ended as a whole. A note on disk
 * names each living group, so that the next start ends a group that a killed Patchbay left behind.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shareFaults } from "../lib/fault-owner.ts";

export interface Command {
  command: string;
  args: string[];
  /** The whole environment of the child. */
  env: Record<string, string>;
  cwd: string;
  /** Folder of the notes on living groups. */
  ledger: string;
}

export interface ProcessGroup {
  child: ChildProcessWithoutNullStreams;
  /** Resolves when the command itself has ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; error?: Error }>;
  /** Closes stdin, then sends SIGTERM, then SIGKILL to the whole group, `graceMs` apart. Resolves when it has ended. */
  end(graceMs: number): Promise<void>;
  /** SIGKILL to the whole group, at once. */
  kill(): void;
}

/** The variables of our own environment that a child gets. */
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
// For an end of this process that did not close its groups.
process.on("exit", () => {
  for (const group of living) group.kill();
});

/** Starts a command without a shell. A command that cannot be started ends with `error`. Throws when the system refuses a new process. */
export function startGroup(command: Command): ProcessGroup {
  // One server serves many runs: its faults belong to none of them.
  const child = shareFaults(() =>
    spawn(command.command, command.args, {
      env: command.env,
      cwd: command.cwd,
      stdio: ["pipe", "pipe", "pipe"],
      shell: false,
      detached: true,
      windowsHide: true,
    }),
  );
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null; error?: Error }>((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, error }));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  // A broken pipe is not an error here: `ended` reports the end of the child. The streams are absent when the system had no pipes.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.on("error", () => undefined);
  child.on("error", () => undefined);
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
      kill("SIGKILL"); // also when the command has ended: its own children may still run
      await ended;
      gone();
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
  living.add(group);
  let note: string | undefined;
  try {
    note = writeNote(command, child.pid);
  } catch (error) {
    kill();
    throw error;
  }
  // When the command ends by itself, its group ends with it.
  void ended.then(() => {
    kill("SIGKILL");
    gone();
  });
  return group;
}

/** Ends the groups that an earlier Patchbay left behind, if the system can prove that the pid is still the same process. */
export function endOrphanGroups(ledger: string): number {
  if (!existsSync(ledger)) return 0;
  let ended = 0;
  for (const file of readdirSync(ledger)) {
    const path = join(ledger, file);
    const [pid, started, owner, ownerStarted] = readFileSync(path, "utf8").split(" ");
    if (owner && ownerStarted && startTime(Number(owner)) === ownerStarted) continue; // its Patchbay still runs
    if (started && started !== "?" && startTime(Number(pid)) === started) {
      killGroup(Number(pid), "SIGKILL");
      ended++;
    }
    rmSync(path, { force: true });
  }
  return ended;
}

function writeNote(command: Command, pid: number | undefined): string | undefined {
  if (pid === undefined) return undefined;
  mkdirSync(command.ledger, { recursive: true });
  const path = join(command.ledger, String(pid));
  writeFileSync(path, `${pid} ${startTime(pid) ?? "?"} ${process.pid} ${startTime(process.pid) ?? ""}`);
  return path;
}

/** The start time of a process in kernel ticks (field 22 of its stat). Together with the pid it identifies a process. */
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
