/** Sends requests: failures become one error class with a message for people; run streams become items. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Issue } from "../../runtime/issue.ts";

/** What failures of the connection say. `i18n/` replaces these with texts in the current language. */
export const networkTexts = {
  offline: () => "The server is not responding.",
  lost: () => "The connection to the server was lost. The run continues there.",
};

export class ApiError extends Error {
  /** HTTP status; 0 if the server did not respond. */
  readonly status: number;
  readonly code: string;
  readonly path?: string;
  readonly issues?: Issue[];

  constructor(
    status: number,
    body: { code: string; message: string; path?: string; issues?: Issue[] },
    options?: ErrorOptions,
  ) {
    super(body.message, options);
    this.name = "ApiError";
    this.status = status;
    this.code = body.code;
    this.path = body.path;
    this.issues = body.issues;
  }
}

/** `fetch` that rejects with an `ApiError` unless the response is a success, or with the signal's reason on abort. */
export async function send(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(input, { ...init, credentials: "same-origin" });
  } catch (error) {
    if (init.signal?.aborted) throw init.signal.reason;
    throw new ApiError(0, { code: "network", message: networkTexts.offline() }, { cause: error });
  }
  if (!response.ok) throw await failure(response);
  return response;
}

/** The JSON body of a response. Rejects with an `ApiError` when the connection breaks meanwhile. */
export async function jsonOf<R>(response: { json(): Promise<unknown> }): Promise<R> {
  try {
    return (await response.json()) as R;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ApiError(0, { code: "network", message: networkTexts.offline() }, { cause: error });
  }
}

async function failure(response: Response): Promise<ApiError> {
  return failureOf(response.status, response.statusText, await response.text().catch(() => ""));
}

function failureOf(status: number, statusText: string, text: string): ApiError {
  try {
    const parsed = JSON.parse(text) as { error?: { code: string; message: string } };
    if (parsed.error) return new ApiError(status, parsed.error);
  } catch {
    // Not JSON: a proxy responded instead of the server. Only the status is known.
  }
  return new ApiError(status, { code: "http", message: `${status} ${statusText}`.trim() });
}

/** Uploads a file and reports the share that is sent, 0 to 1, which `fetch` cannot do. Fails as `send` does. */
export function sendFile(
  path: string,
  file: Blob,
  headers: Record<string, string>,
  onSent: (share: number) => void,
  signal: AbortSignal,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0);
    request.upload.onload = () => onSent(1);
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(failureOf(request.status, request.statusText, request.responseText));
    };
    request.onerror = () => reject(new ApiError(0, { code: "network", message: networkTexts.offline() }));
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort, { once: true });
    request.send(file);
  });
}

/** Reads the body of a response and reports the number of bytes received so far. */
export async function received(response: Response, onBytes: (count: number) => void): Promise<Blob> {
  let count = 0;
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      count += chunk.byteLength;
      onBytes(count);
      controller.enqueue(chunk);
    },
  });
  return await new Response(response.body!.pipeThrough(counting)).blob();
}

/**
 * The items of a run's stream, in order. Ends when the server closes it; throws an `ApiError` for its `error` event.
 */
export async function* streamItems<T>(response: Response): AsyncGenerator<T> {
  const events = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const data = JSON.parse(value.data);
      if (value.event === "error") throw new ApiError(500, data.error ?? data);
      yield data as T;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
