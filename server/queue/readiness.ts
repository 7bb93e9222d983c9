/** Whether this process can take calls: its database responds. */
import type { Readiness } from "../contract/readiness.ts";
import type { Records } from "../stores/records.ts";

const TIMEOUT_MS = 2_000;

/** The returned function resolves within two seconds. One question to the database at a time. */
export function createReadiness(options: {
  records: Pick<Records, "get">;
  processes(): Record<string, number>;
  timeoutMs?: number;
}): () => Promise<Readiness> {
  let asking: Promise<boolean> | undefined;
  const ask = () => {
    asking ??= options.records
      .get("settings", "server")
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
  return async () => {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, options.timeoutMs ?? TIMEOUT_MS, false);
    const responds = await Promise.race([ask(), late]);
    clearTimeout(timer);
    const { web, worker, all } = options.processes();
    const processes = { ...(web && { web }), ...(worker && { worker }), ...(all && { all }) };
    if (responds) return { ok: true, processes };
    return { ok: false, reason: "The database does not respond. Check that it runs and can be reached.", processes };
  };
}
