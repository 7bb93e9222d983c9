/**
 * Text on its way, from the process that works on a run to those where it is read, over NOTIFY. Best effort, as text on
 * its way always is: what is lost comes whole with the message's event.
 */
import type pg from "pg";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import type { Delta } from "../../runtime/event.ts";
import type { Feed, Reader } from "../runs/feed.ts";
import type { Listener } from "../stores/postgres/listen.ts";

/** Text of so long goes together. */
const GATHER_MS = 50;
/** A reader says again that it reads; for so long a worker believes the last time. */
const WANT_EVERY_MS = 20_000;
const WANTED_MS = 60_000;
const MAX_WANTED = 10_000;
/** NOTIFY takes 8,000 bytes; a character is at most three, or six as JSON writes it. */
const SLICE = 1_200;

export interface RemoteDeltas {
  /** Somebody here reads the text of a run that another process has, until the returned function is called. */
  want(run: string): () => void;
  /** This process works on the run, until the returned function is called: whoever wants its text gets it. */
  offer(run: string, feed: Feed): () => void;
  close(): void;
}

export interface RemoteDeltasOptions {
  pool: pg.Pool;
  listener: Listener;
  /** Text came, which belongs behind the event `after`. False where a part before it is missing. */
  hear(run: string, delta: Delta, after: number): boolean;
}

type Told = Delta & { after: number };

export async function openRemoteDeltas({ pool, listener, hear }: RemoteDeltasOptions): Promise<RemoteDeltas> {
  const wanted = new BoundedMap<string, number>(MAX_WANTED);
  const offered = new Map<string, { feed: Feed; relay?: Relay }>();
  let closed = false;

  const notify = (channel: string, payloads: string[]) => {
    if (!closed && payloads.length > 0)
      pool
        .query("SELECT pg_notify($1, told) FROM unnest($2::text[]) AS told", [channel, payloads])
        // The database is away: so is the text, and the event that follows has it whole.
        .catch(() => undefined);
  };
  const begin = (run: string) => {
    const one = offered.get(run);
    if (!one) return;
    // Anew from offset 0: who heard it before takes what is new to it.
    one.relay?.stop();
    one.relay = relay(one.feed, (items) =>
      notify(
        "patchbay_text",
        items.map((item) => JSON.stringify(item)),
      ),
    );
  };

  const stops = [
    await listener.on("patchbay_wanted", (run) => {
      wanted.set(run, performance.now() + WANTED_MS);
      begin(run);
    }),
    await listener.on("patchbay_text", (text) => {
      const { after, ...delta } = JSON.parse(text) as Told;
      if (!offered.has(delta.run) && !hear(delta.run, delta, after)) notify("patchbay_wanted", [delta.run]);
    }),
  ];

  return {
    want(run) {
      notify("patchbay_wanted", [run]);
      const timer = setInterval(() => notify("patchbay_wanted", [run]), WANT_EVERY_MS);
      timer.unref();
      return () => clearInterval(timer);
    },
    offer(run, feed) {
      offered.set(run, { feed });
      if ((wanted.get(run) ?? 0) > performance.now()) begin(run);
      return () => {
        const one = offered.get(run);
        if (one?.feed !== feed) return;
        one.relay?.stop();
        offered.delete(run);
      };
    },
    close() {
      closed = true;
      for (const stop of stops) stop();
      for (const one of offered.values()) one.relay?.stop();
    },
  };
}

interface Relay {
  stop(): void;
}

/** Reads a feed as any reader does, and tells what it has read in pieces that fit. */
function relay(feed: Feed, tell: (items: Told[]) => void): Relay {
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    const items: Told[] = [];
    for (const place of reader.stretches) {
      const { delta, text, after } = place.stretch;
      for (; place.sent < text.length; place.sent += SLICE)
        items.push({ ...delta, offset: place.sent, text: text.slice(place.sent, place.sent + SLICE), after });
      place.sent = text.length;
    }
    reader.stretches = reader.stretches.filter((place) => place.stretch.closedBy === Number.POSITIVE_INFINITY);
    tell(items);
  };
  const reader: Reader = feed.join(() => {
    timer ??= setTimeout(flush, GATHER_MS);
  }, true);
  flush();
  return {
    stop() {
      clearTimeout(timer);
      flush();
      feed.leave(reader);
    },
  };
}
