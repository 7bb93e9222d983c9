/** Server-sent events, at the reader's pace: the next item is asked for when the last one was taken. */
import { errorData } from "../runtime/error.ts";

export interface SseMessage {
  id?: number;
  event: string;
  data: unknown;
}

const HEARTBEAT_MS = 15_000;
const BEAT = new TextEncoder().encode(": \n\n");

/**
 * The items as an answer of `text/event-stream`. `stop` is called once, when the reader went away or all was sent.
 * A failure between two items is told as an `error` event and ends the stream.
 */
export function sse(
  items: AsyncIterable<SseMessage>,
  stop: () => void,
  headers: Record<string, string> = {},
): Response {
  const iterator = items[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    clearInterval(timer);
    stop();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        timer = setInterval(() => {
          // A reader that does not take what there is needs no sign of life.
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(BEAT);
        }, HEARTBEAT_MS);
        timer.unref();
      },
      async pull(controller) {
        try {
          const next = await iterator.next();
          if (next.done) {
            end();
            controller.close();
          } else controller.enqueue(encoder.encode(sseText(next.value)));
        } catch (thrown) {
          end();
          controller.enqueue(encoder.encode(sseText({ event: "error", data: { error: errorData(thrown) } })));
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
      ...headers,
    },
  });
}

export function sseText({ id, event, data }: SseMessage): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
