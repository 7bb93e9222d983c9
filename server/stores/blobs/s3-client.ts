/** Sends signed requests to an S3-compatible store, with retries and readable errors. */
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
/** Requests with a body may take longer: uploads and downloads over slow connections. */
const TIMEOUT_MS = 30_000;
const BODY_TIMEOUT_MS = 600_000;

export class S3Client {
  readonly location: S3Location;
  readonly #aws: AwsClient;
  readonly #base: string;

  constructor(location: S3Location) {
    const { accessKeyId, secretAccessKey, sessionToken, region, endpoint, bucket } = location;
    this.location = location;
    this.#aws = new AwsClient({ accessKeyId, secretAccessKey, sessionToken, region, service: "s3", retries: 0 });
    // Stores other than Amazon may not support the bucket as host name.
    this.#base = endpoint ? `${endpoint}/${bucket}/` : `https://${bucket}.s3.${region}.amazonaws.com/`;
  }

  /** Resolves with a response of status 2xx or 404. Rejects with `storage_full` or `unavailable`. */
  async send({ method, key, query, headers, body }: S3Request): Promise<Response> {
    const url = new URL(this.#base);
    if (key) url.pathname += `${this.location.prefix}${key}`;
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const stream = body !== undefined && !(body instanceof Uint8Array);
    for (let tried = 1; ; tried++) {
      // A stream can be read only once, so it is not sent again.
      const last = stream || tried === TRIES;
      try {
        const response = await this.#aws.fetch(url.href, {
          method,
          headers,
          signal: AbortSignal.timeout(body || method === "GET" ? BODY_TIMEOUT_MS : TIMEOUT_MS),
          ...(body && { body: body as BodyInit, duplex: "half" }),
        } as RequestInit);
        if (response.ok || response.status === 404) return response;
        const text = await response.text();
        if (last || !(response.status >= 500 || response.status === 429)) throw this.#refused(response.status, text);
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
      return new PatchbayError("storage_full", `The bucket "${this.location.bucket}" is full (${code}).`);
    const fix =
      status === 403
        ? "; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and the permissions of the key"
        : status === 301
          ? "; the bucket is in another region: set AWS_REGION"
          : "";
    return this.#failed(`${code}${fix}`);
  }

  #failed(reason: string, cause?: unknown): PatchbayError {
    return new PatchbayError(
      "unavailable",
      `The bucket "${this.location.bucket}" of PATCHBAY_FILES failed: ${reason}.`,
      {
        cause,
      },
    );
  }
}
