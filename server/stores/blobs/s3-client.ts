/** Requests to an S3-compatible store: signed, tried again where that may help, failures told in words. */
import type { ReadableStream } from "node:stream/web";
import { AwsClient } from "aws4fetch";
import { PatchbayError } from "../../../runtime/error.ts";
import type { S3Location } from "../../process/s3-location.ts";
import { reason } from "./blobs.ts";

interface S3Request {
  method: "GET" | "PUT" | "HEAD" | "DELETE";
  /** Below the prefix; empty: the bucket itself. */
  key: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array | ReadableStream<Uint8Array>;
}

const TRIES = 4;
/** Without a body; with one there is time for the slowest line. */
const TIMEOUT_MS = 30_000;
const BODY_TIMEOUT_MS = 600_000;

export class S3Client {
  readonly place: S3Location;
  readonly #aws: AwsClient;
  readonly #base: string;

  constructor(place: S3Location) {
    const { accessKeyId, secretAccessKey, sessionToken, region, endpoint, bucket } = place;
    this.place = place;
    this.#aws = new AwsClient({ accessKeyId, secretAccessKey, sessionToken, region, service: "s3", retries: 0 });
    // Others than Amazon are sure to know a bucket by its path alone.
    this.#base = endpoint ? `${endpoint}/${bucket}/` : `https://${bucket}.s3.${region}.amazonaws.com/`;
  }

  /** The answer where its status is 2xx or 404. Rejects with `storage_full` or `unavailable`, naming the bucket. */
  async send({ method, key, query, headers, body }: S3Request): Promise<Response> {
    const url = new URL(this.#base);
    if (key) url.pathname += `${this.place.prefix}${key}`;
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const stream = body !== undefined && !(body instanceof Uint8Array);
    for (let tried = 1; ; tried++) {
      // What was read from a stream is gone: it is sent once.
      const last = stream || tried === TRIES;
      try {
        const answer = await this.#aws.fetch(url.href, {
          method,
          headers,
          signal: AbortSignal.timeout(body || method === "GET" ? BODY_TIMEOUT_MS : TIMEOUT_MS),
          ...(body && { body: body as BodyInit, duplex: "half" }),
        } as RequestInit);
        if (answer.ok || answer.status === 404) return answer;
        const text = await answer.text();
        if (last || !(answer.status >= 500 || answer.status === 429)) throw this.#refused(answer.status, text);
      } catch (cause) {
        if (cause instanceof PatchbayError) throw cause;
        if (last) throw this.#failed(reason((cause as Error).cause ?? cause), cause);
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100 * 2 ** tried));
    }
  }

  #refused(status: number, text: string): PatchbayError {
    const code = /<Code>([\w.-]{1,60})<\/Code>/.exec(text)?.[1] ?? String(status);
    if (code === "QuotaExceeded" || code === "XMinioStorageFull" || status === 507)
      return new PatchbayError("storage_full", `The bucket "${this.place.bucket}" is full (${code}).`);
    const fix =
      status === 403
        ? "; look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and at the rights of the key"
        : status === 301
          ? "; the bucket lies in another region: set AWS_REGION"
          : "";
    return this.#failed(`${code}${fix}`);
  }

  #failed(why: string, cause?: unknown): PatchbayError {
    return new PatchbayError("unavailable", `The bucket "${this.place.bucket}" of PATCHBAY_FILES failed: ${why}.`, {
      cause,
    });
  }
}
