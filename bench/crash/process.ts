/** A server under test: started on a port that it keeps, killed, and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
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
  /** When it was ready last, by `performance.now()`. */
  readyAt = 0;
  /** Milliseconds from its start to its ready line, each time. */
  readonly starts: number[] = [];

  constructor(name: string, port: number, env: Record<string, string>, args: string[] = []) {
    this.name = name;
    this.origin = `http://127.0.0.1:${port}`;
    this.#args = args;
    this.#env = { ...env, PORT: String(port) };
  }

  /** `fault`: see `server/process/fault.ts`. Rejects with the error output when the server does not start; resolves when it is killed by the fault. */
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
    let late: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) =>
        child.stdout!.on("data", () => {
          ready = true;
          resolve();
        }),
      ),
      this.#ended,
      new Promise<void>((_, reject) => {
        late = setTimeout(
          () => reject(new Error(`${this.name} was not ready in ${START_MS} ms.\n${this.errors}`)),
          START_MS,
        );
      }),
    ]).finally(() => clearTimeout(late));
    if (!ready && child.signalCode !== "SIGKILL") throw new Error(`${this.name} did not start: ${this.errors}`);
    this.readyAt = performance.now();
    if (ready) this.starts.push(this.readyAt - began);
  }

  get isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when it ended, however. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<number | null> {
    this.#child?.kill(signal);
    await this.#ended;
    return this.#child?.exitCode ?? null;
  }
}

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
