/** A server under test: started on a fixed port, killed, and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "..", "..", "server", "main.ts");
const START_MS = 60_000;

export class ServerProcess {
  readonly name: string;
  readonly origin: string;
  readonly #args: string[];
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  errors = "";
  /** Time of the last ready line, by `performance.now()`. */
  readyAt = 0;
  /** Milliseconds from each start to its ready line. */
  readonly starts: number[] = [];

  constructor(name: string, port: number, env: Record<string, string>, args: string[] = []) {
    this.name = name;
    this.origin = `http://127.0.0.1:${port}`;
    this.#args = args;
    this.#env = { ...env, PORT: String(port) };
  }

  /** `fault`: see `server/process/fault.ts`. Resolves when the server is ready or killed by the fault; rejects with its error output. */
  async start(fault?: string): Promise<void> {
    const began = performance.now();
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(?:PATCHBAY_|OPENAI_|HOST$|PORT$)/.test(name)),
    );
    const child = spawn(process.execPath, [MAIN, "--no-editor", ...this.#args], {
      env: {
        ...inherited,
        ...this.#env,
        ...(fault !== undefined && { PATCHBAY_TEST_FAULT_AT: fault }),
      } as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr!.on("data", (chunk: Buffer) => {
      this.errors = (this.errors + chunk.toString()).slice(-20_000);
    });
    this.#ended = new Promise((resolve) => child.once("exit", () => resolve()));
    let ready = false;
    let startTimeout: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) =>
        child.stdout!.on("data", () => {
          ready = true;
          resolve();
        }),
      ),
      this.#ended,
      new Promise<void>((_, reject) => {
        startTimeout = setTimeout(
          () => reject(new Error(`${this.name} was not ready in ${START_MS} ms.\n${this.errors}`)),
          START_MS,
        );
      }),
    ]).finally(() => clearTimeout(startTimeout));
    if (!ready && child.signalCode !== "SIGKILL") throw new Error(`${this.name} did not start: ${this.errors}`);
    this.readyAt = performance.now();
    if (ready) this.starts.push(this.readyAt - began);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the process has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<number | null> {
    this.#child?.kill(signal);
    await this.#ended;
    return this.#child?.exitCode ?? null;
  }
}
