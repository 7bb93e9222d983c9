/**
 * The last handler of faults: an exception that nothing caught, a rejection that nothing handled. The fault of one
 * connection must not end the work of all others, so the process logs it, fails the work it belongs to, and goes on.
 * It exits for a fault during the start, and when memory is exhausted.
 */
import { type FaultOwner, faultOwner } from "../lib/fault-owner.ts";

export type FaultKind = "exception" | "rejection";

export interface FaultDeps {
  /** Writes a line to the log, with the stack and its causes. */
  report(thrown: unknown, fields: Record<string, string>): void;
  exit?(code: number): void;
  /** Bytes that the process can still allocate. */
  availableMemory?(): number;
}

/** A failed allocation with less than this available means that memory is exhausted, not that one request was too large. */
const MIN_MEMORY = 64 * 1024 * 1024;

export class FaultHandler {
  readonly #deps: Required<FaultDeps>;
  #count: ((kind: FaultKind) => void) | undefined;

  constructor(deps: FaultDeps) {
    this.#deps = { exit: (code) => process.exit(code), availableMemory: () => process.availableMemory(), ...deps };
  }

  /** Handles the faults of this process. Install it once, before anything is opened. */
  install(): void {
    process.on("uncaughtException", (thrown) => this.handle("exception", thrown, faultOwner()));
    process.on("unhandledRejection", (reason) => this.handle("rejection", reason, faultOwner()));
    // The reader of the log may be gone, which must not become a fault that is logged again.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  }

  /** From now on an exception does not end the process, and faults are counted. */
  started(count: (kind: FaultKind) => void): void {
    this.#count = count;
  }

  handle(kind: FaultKind, thrown: unknown, owner?: FaultOwner): void {
    this.#deps.report(thrown, { fault: kind, ...(owner && { [owner.kind]: owner.id }) });
    if (this.#isMemoryExhausted(thrown)) {
      this.#deps.report(
        new Error("The process is out of memory and exits. Give it more memory, or run fewer at once."),
        {
          fault: kind,
        },
      );
      this.#deps.exit(1);
      return;
    }
    // A rejection during the start is reported by the code that awaits the start.
    if (!this.#count && kind === "exception") {
      this.#deps.exit(1);
      return;
    }
    this.#count?.(kind);
    owner?.fail();
  }

  #isMemoryExhausted(thrown: unknown): boolean {
    if (!(thrown instanceof Error)) return false;
    const { code } = thrown as NodeJS.ErrnoException;
    const failed =
      code === "ENOMEM" || code === "ERR_MEMORY_ALLOCATION_FAILED" || /allocation failed/i.test(thrown.message);
    return failed && this.#deps.availableMemory() < MIN_MEMORY;
  }
}
