/**
 * Sends streamed text from the process that executes a run to the processes that read it, over NOTIFY. Best effort: the
 * event of the message contains the whole text.
 */
import type pg from "pg";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import type { Delta } from "../../runtime/event.ts";
import type { Feed, Reader } from "../runs/feed.ts";
import type { Listener } from "../stores/postgres/listen.ts";

/** Text of this period is sent together. */
const GATHER_MS = 50;
/** A reader repeats its request; a worker forgets a request after `REQUEST_TTL_MS`. */
const REQUEST_EVERY_MS = 20_000;
const REQUEST_TTL_MS = 60_000;
const MAX_REQUESTED = 10_000;
/** Characters per payload. NOTIFY allows 8,000 bytes; a character takes up to six bytes in JSON. */
const MAX_CHARACTERS = 1_200;

export interface RemoteDeltas {
  /** Requests the text of a run of another process, until the returned function is called. */
  requestText(run: string): () => void;
  /** Sends the text of a run of this process to those that request it, until the returned function is called. */
  offerText(run: string, feed: Feed): () => void;
  close(): void;
}

export interface RemoteDeltasOptions {
  pool: pg.Pool;
  listener: Listener;
  /** Takes in text that follows the event `after`. False when a part before it is missing. */
  addText(run: string, delta: Delta, after: number): boolean;
}

type RemoteDelta = Delta & { after: number };

export async function openRemoteDeltas({ pool, listener, addText }: RemoteDeltasOptions): Promise<RemoteDeltas> {
  const requested = new BoundedMap<string, number>(MAX_REQUESTED);
  const offered = new Map<string, { feed: Feed; relay?: Relay }>();
  let closed = false;

  const notify = (channel: string, payloads: string[]) => {
    if (!closed && payloads.length > 0)
      pool
        .query("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", [channel, payloads])
        // The database is unavailable: the text is lost, and comes with the event of the message.
        .catch(() => undefined);
  };
  const begin = (run: string) => {
    const one = offered.get(run);
    if (!one) return;
    // Starts again at offset 0: readers ignore what they already have.
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
      requested.set(run, performance.now() + REQUEST_TTL_MS);
      begin(run);
    }),
    await listener.on("patchbay_text", (text) => {
      const { after, ...delta } = JSON.parse(text) as RemoteDelta;
      if (!offered.has(delta.run) && !addText(delta.run, delta, after)) notify("patchbay_wanted", [delta.run]);
    }),
  ];

  return {
    requestText(run) {
      notify("patchbay_wanted", [run]);
      const timer = setInterval(() => notify("patchbay_wanted", [run]), REQUEST_EVERY_MS);
      timer.unref();
      return () => clearInterval(timer);
    },
    offerText(run, feed) {
      offered.set(run, { feed });
      if ((requested.get(run) ?? 0) > performance.now()) begin(run);
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

/** Reads a feed and sends its text in parts that fit into a payload. */
function relay(feed: Feed, send: (items: RemoteDelta[]) => void): Relay {
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    const items: RemoteDelta[] = [];
    for (const cursor of reader.cursors) {
      const { delta, text, after } = cursor.segment;
      for (; cursor.sent < text.length; cursor.sent += MAX_CHARACTERS)
        items.push({
          ...delta,
          offset: cursor.sent,
          text: text.slice(cursor.sent, cursor.sent + MAX_CHARACTERS),
          after,
        });
      cursor.sent = text.length;
    }
    reader.cursors = reader.cursors.filter((cursor) => cursor.segment.closedBy === Number.POSITIVE_INFINITY);
    send(items);
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
