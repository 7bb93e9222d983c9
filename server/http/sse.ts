/** Server-sent events with backpressure: the next item is read when the client has taken the last one. */
import { errorData } from "../../runtime/error.ts";

export interface SseMessage {
  id?: number;
  event: string;
  data: unknown;
}

const HEARTBEAT_MS = 15_000;
/** A client that reads nothing for this many heartbeats is disconnected. It can resume later. */
const STALLED_BEATS = 3;
let open = 0;

/** Number of open streams of this process. */
export function openStreams(): number {
  return open;
}

const BEAT = new TextEncoder().encode(": \n\n");

/**
 * Responds with the items as `text/event-stream`. `stop` runs once, when the client disconnects or all is sent.
 * A failure of the iterator is sent as an `error` event, which ends the stream.
 */
export function sse(
  items: AsyncIterable<SseMessage>,
  stop: () => void,
  headers: Record<string, string> = {},
): Response {
  async function* texts() {
    for await (const item of items) yield sseText(item);
  }
  const failed = (thrown: unknown) => sseText({ event: "error", data: { error: errorData(thrown) } });
  return sseTexts(texts(), { stop, failed, headers });
}

/** The same for formatted SSE text, whole messages each. `failed` formats the last message after a failure. */
export function sseTexts(
  texts: AsyncIterable<string>,
  options: {
    stop(): void;
    failed(thrown: unknown): string;
    headers?: Record<string, string>;
    heartbeatMs?: number;
  },
): Response {
  const iterator = texts[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let timer: NodeJS.Timeout | undefined;
  let stalled = 0;
  let ended = false;
  const end = () => {
    if (!ended) open--;
    ended = true;
    clearInterval(timer);
    options.stop();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        open++;
        timer = setInterval(() => {
          // A client with unread data needs no heartbeat.
          if ((controller.desiredSize ?? 0) > 0) {
            stalled = 0;
            controller.enqueue(BEAT);
          } else if (++stalled >= STALLED_BEATS) {
            end();
            void iterator.return?.(undefined);
            controller.error(new Error("The client stopped reading."));
          }
        }, options.heartbeatMs ?? HEARTBEAT_MS);
        timer.unref();
      },
      async pull(controller) {
        stalled = 0;
        try {
          const next = await iterator.next();
          if (next.done) {
            end();
            controller.close();
          } else controller.enqueue(encoder.encode(next.value));
        } catch (thrown) {
          end();
          controller.enqueue(encoder.encode(options.failed(thrown)));
          controller.close();
        }
      },
      async cancel() {
        end();
        await iterator.return?.();
      },
    },
    { highWaterMark: 2 },
  );
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
      ...options.headers,
    },
  });
}

function sseText({ id, event, data }: SseMessage): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
