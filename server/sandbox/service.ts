export interface Sandbox {
  /** See `Host.evaluate`. */
  evaluate(
    source: string,
    input: Record<string, unknown>,
    limits: { timeoutMs: number },
    signal: AbortSignal,
  ): Promise<unknown>;
  close(): Promise<void>;
}
