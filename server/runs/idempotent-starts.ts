/** Calls with an Idempotency-Key: the same call sent twice is one run, at once or later, here or at another process. */
import { createHash } from "node:crypto";
import { PatchbayError } from "../../runtime/error.ts";
import type { EventLog, Idempotency } from "../stores/event-log.ts";
import type { RunCaller, Runs } from "./service.ts";

type Started = Awaited<ReturnType<Runs["start"]>>;

export interface StartOptions {
  log: Pick<EventLog, "findIdempotent">;
  /** Other processes take calls in, too. */
  otherProcesses: boolean;
  /** A run that was found instead of begun. */
  found(run: string): Started;
}

export class IdempotentStarts {
  readonly #options: StartOptions;
  /** Runs on their way to the log, by key and id. */
  readonly #starting = new Map<string, { bodyHash: string; started: Promise<Started> }>();

  constructor(options: StartOptions) {
    this.#options = options;
  }

  /** The run that this very call started before, else the one that `begin` starts. Rejects with `conflict` for another body. */
  async start(caller: RunCaller, begin: (idempotency?: Idempotency) => Promise<Started>): Promise<Started> {
    if (!caller.idempotency) return begin();
    const { id, body } = caller.idempotency;
    if (id.length > 255) throw new PatchbayError("bad_request", "An Idempotency-Key has at most 255 characters.");
    const idempotency: Idempotency = { key: caller.key ?? "", id, bodyHash: hash(body) };
    const name = `${idempotency.key} ${id}`;
    const twin = this.#starting.get(name);
    if (twin) {
      mustBeSame(idempotency, twin.bodyHash);
      return twin.started;
    }
    // Nothing was waited for since the look: a second call with this id finds this one.
    const started = this.#find(idempotency).then((found) => found ?? this.#begin(idempotency, begin));
    this.#starting.set(name, { bodyHash: idempotency.bodyHash, started });
    const release = () => this.#starting.delete(name);
    started.then(({ accepted }) => accepted).then(release, release);
    return started;
  }

  /** Begins a run unless the same call was faster at another process, whose run is found then. */
  async #begin(idempotency: Idempotency, begin: (idempotency: Idempotency) => Promise<Started>): Promise<Started> {
    const begun = await begin(idempotency);
    if (!this.#options.otherProcesses) return begun;
    try {
      await begun.accepted;
      return begun;
    } catch (error) {
      const found = await this.#find(idempotency);
      if (found) return found;
      throw error;
    }
  }

  async #find(idempotency: Idempotency): Promise<Started | undefined> {
    const found = await this.#options.log.findIdempotent(idempotency.key, idempotency.id);
    if (!found) return undefined;
    mustBeSame(idempotency, found.bodyHash);
    return this.#options.found(found.run);
  }
}

function mustBeSame(idempotency: Idempotency, bodyHash: string): void {
  if (idempotency.bodyHash !== bodyHash)
    throw new PatchbayError(
      "conflict",
      `The Idempotency-Key "${idempotency.id}" was used before with another body; use a new one.`,
    );
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
