/** MCP calls under way, so that a `notifications/cancelled` of the older era, which comes as a request of its own, finds its call. */
export class Calls {
  readonly #byName = new Map<string, AbortController>();

  /** `scope`: whose ids these are; a client counts its requests from 0 as every other does. */
  begin(scope: string, id: string | number, signals: AbortSignal[]): { signal: AbortSignal; end(): void } {
    const name = nameOf(scope, id);
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    for (const signal of signals) {
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
    }
    this.#byName.set(name, controller);
    return {
      signal: controller.signal,
      end: () => {
        for (const signal of signals) signal.removeEventListener("abort", abort);
        if (this.#byName.get(name) === controller) this.#byName.delete(name);
      },
    };
  }

  /** Cancels the call that the message names, if it is such a message and the call is one of the scope's. */
  cancelIfAsked(scope: string, message: unknown): void {
    const { method, params } = (message ?? {}) as { method?: unknown; params?: { requestId?: unknown } };
    if (method !== "notifications/cancelled") return;
    const id = params?.requestId;
    if (typeof id === "string" || typeof id === "number") this.#byName.get(nameOf(scope, id))?.abort();
  }
}

/** A number and a text of the same digits are two ids. */
function nameOf(scope: string, id: string | number): string {
  return `${scope} ${typeof id} ${id}`;
}
