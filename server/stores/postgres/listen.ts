/** Hears what other processes tell through PostgreSQL (LISTEN), over one connection that is made again when it breaks. */
import pg from "pg";

const RECONNECT_MS = 500;
const ANSWER_MS = 9_000;

export interface Listener {
  /** Calls back with each payload told on the channel, also by this process. `again`: telling may have been missed. */
  on(channel: string, heard: (payload: string) => void, again?: () => void): Promise<() => void>;
  close(): Promise<void>;
}

/** `answerMs`: how long the connection can be dead before that is noticed. */
export async function listenTo(config: pg.ClientConfig, answerMs = ANSWER_MS): Promise<Listener> {
  const pingMs = answerMs / 2;
  const channels = new Map<string, Set<{ heard(payload: string): void; again?(): void }>>();
  let client: pg.Client | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const fresh = new pg.Client({ ...config, application_name: "patchbay listener" });
    fresh.on("notification", ({ channel, payload }) => {
      for (const one of channels.get(channel) ?? []) one.heard(payload ?? "");
    });
    // Both may come for one broken connection; the first counts.
    fresh.on("error", () => broken(fresh));
    fresh.on("end", () => broken(fresh));
    try {
      await fresh.connect();
      for (const channel of channels.keys()) await fresh.query(`LISTEN ${channel}`);
    } catch (error) {
      await fresh.end().catch(() => undefined);
      throw error;
    }
    client = fresh;
    if (closed) await fresh.end();
  }

  function broken(which: pg.Client): void {
    if (client !== which) return;
    client = undefined;
    which.end().catch(() => undefined);
    reconnect();
  }

  function reconnect(): void {
    if (closed) return;
    timer = setTimeout(async () => {
      try {
        await connect();
      } catch {
        reconnect();
        return;
      }
      for (const listeners of channels.values()) for (const one of listeners) one.again?.();
    }, RECONNECT_MS);
    timer.unref();
  }

  // A connection can be dead without a word (a failover, a firewall): asking shows it.
  const ping = setInterval(() => {
    const asked = client;
    if (!asked) return;
    const late = setTimeout(() => broken(asked), pingMs * 0.9);
    late.unref();
    asked.query("SELECT 1").then(
      () => clearTimeout(late),
      () => {
        clearTimeout(late);
        broken(asked);
      },
    );
  }, pingMs);
  ping.unref();

  await connect();
  return {
    async on(channel, heard, again) {
      const one = { heard, again };
      const listeners = channels.get(channel);
      if (listeners) listeners.add(one);
      else {
        channels.set(channel, new Set([one]));
        // Names of channels are ours, never a caller's. Where it fails, reconnecting listens to all.
        await client?.query(`LISTEN ${channel}`).catch(() => undefined);
      }
      return () => {
        channels.get(channel)?.delete(one);
      };
    },
    async close() {
      closed = true;
      clearInterval(ping);
      clearTimeout(timer);
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
