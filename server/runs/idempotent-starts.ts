/** Calls with an Idempotency-Key: the same call sent twice starts one run, at once or later, in any process. */
import { createHash } from "node:crypto";
import { PatchbayError } from "../../runtime/error.ts";
import type { EventLog, Idempotency } from "../stores/event-log.ts";
import type { RunCaller, Runs } from "./service.ts";

type Started = Awaited<ReturnType<Runs["start"]>>;

/** Throws `bad_request` for a key that is too long. */
export function idempotencyOf({ key = "", idempotency }: RunCaller): Idempotency | undefined {
  if (!idempotency) return undefined;
  const { id, body } = idempotency;
  if (id.length > 255) throw new PatchbayError("bad_request", "An Idempotency-Key has at most 255 characters.");
  return { key, id, bodyHash: createHash("sha256").update(body).digest("hex") };
}

/** The stored run that the same call started. Rejects with `conflict` when its body was different. */
export async function findStartedRun(
  log: Pick<EventLog, "findIdempotent">,
  idempotency: Idempotency,
): Promise<string | undefined> {
  const found = await log.findIdempotent(idempotency.key, idempotency.id);
  if (found) assertSameBody(idempotency, found.bodyHash);
  return found?.run;
}

/** Starts of this process whose run is not stored yet, by key and id. */
export class PendingStarts {
  readonly #pending = new Map<string, { bodyHash: string; started: Promise<Started> }>();

  /** Calls `start`, or returns what the pending start of the same call returns. Rejects with `conflict` for another body. */
  async share(idempotency: Idempotency, start: () => Promise<Started>): Promise<Started> {
    const name = `${idempotency.key} ${idempotency.id}`;
    const pending = this.#pending.get(name);
    if (pending) {
      assertSameBody(idempotency, pending.bodyHash);
      return pending.started;
    }
    const started = start();
    this.#pending.set(name, { bodyHash: idempotency.bodyHash, started });
    const remove = () => this.#pending.delete(name);
    started.then(({ accepted }) => accepted).then(remove, remove);
    return started;
  }
}

function assertSameBody(idempotency: Idempotency, bodyHash: string): void {
  if (idempotency.bodyHash !== bodyHash)
    throw new PatchbayError(
      "conflict",
      `The Idempotency-Key "${idempotency.id}" was used before with another body; use a new one.`,
    );
}
