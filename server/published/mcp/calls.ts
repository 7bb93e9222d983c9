/** MCP calls in progress. In older protocol versions `notifications/cancelled` is a separate request that must find its call. */
export class Calls {
  readonly #controllers = new Map<string, AbortController>();

  /** `scope`: the client that the request id belongs to. Ids are unique per client only. */
  begin(scope: string, id: string | number, signals: AbortSignal[]): { signal: AbortSignal; end(): void } {
    const key = keyOf(scope, id);
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    for (const signal of signals) {
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
    }
    this.#controllers.set(key, controller);
    return {
      signal: controller.signal,
      end: () => {
        for (const signal of signals) signal.removeEventListener("abort", abort);
        if (this.#controllers.get(key) === controller) this.#controllers.delete(key);
      },
    };
  }

  /** Cancels the call of a `notifications/cancelled` message, if the call has the same scope. */
  handleCancelled(scope: string, message: unknown): void {
    const { method, params } = (message ?? {}) as { method?: unknown; params?: { requestId?: unknown } };
    if (method !== "notifications/cancelled") return;
    const id = params?.requestId;
    if (typeof id === "string" || typeof id === "number") this.#controllers.get(keyOf(scope, id))?.abort();
  }
}

/** A number and a string with the same digits are different ids. */
function keyOf(scope: string, id: string | number): string {
  return `${scope} ${typeof id} ${id}`;
}
