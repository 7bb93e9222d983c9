/** Receives notifications of PostgreSQL (LISTEN) over one connection, which is replaced when it breaks. */
import pg from "pg";

const RECONNECT_MS = 500;
const TIMEOUT_MS = 9_000;

export interface Listener {
  /**
   * Calls back with each payload on the channel, including those of this process, until the returned function is called.
   * `onReconnect`: notifications may have been lost.
   */
  on(channel: string, onPayload: (payload: string) => void, onReconnect?: () => void): Promise<() => void>;
  close(): Promise<void>;
}

/** `timeoutMs`: a dead connection is detected within this time. */
export async function listenTo(config: pg.ClientConfig, timeoutMs = TIMEOUT_MS): Promise<Listener> {
  const pingMs = timeoutMs / 2;
  const channels = new Map<string, Set<{ onPayload(payload: string): void; onReconnect?(): void }>>();
  let client: pg.Client | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const fresh = new pg.Client({ ...config, application_name: "patchbay listener" });
    fresh.on("notification", ({ channel, payload }) => {
      for (const one of channels.get(channel) ?? []) one.onPayload(payload ?? "");
    });
    // Both events may come for one broken connection; only the first counts.
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
      for (const listeners of channels.values()) for (const one of listeners) one.onReconnect?.();
    }, RECONNECT_MS);
    timer.unref();
  }

  // A connection can be dead without an error (a failover, a firewall): a ping detects it.
  const ping = setInterval(() => {
    const pinged = client;
    if (!pinged) return;
    const late = setTimeout(() => broken(pinged), pingMs * 0.9);
    late.unref();
    pinged.query("SELECT 1").then(
      () => clearTimeout(late),
      () => {
        clearTimeout(late);
        broken(pinged);
      },
    );
  }, pingMs);
  ping.unref();

  await connect();
  return {
    async on(channel, onPayload, onReconnect) {
      const one = { onPayload, onReconnect };
      const listeners = channels.get(channel);
      if (listeners) listeners.add(one);
      else {
        channels.set(channel, new Set([one]));
        // Channel names are constants, never input. After a failure, the reconnect listens to all channels.
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
