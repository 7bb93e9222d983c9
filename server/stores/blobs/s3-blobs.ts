/** Blobs in a bucket of an S3-compatible store: `<prefix>blobs/ab/abcd…`, one object each. */
import { ReadableStream } from "node:stream/web";
import { parseDocument } from "htmlparser2";
import { PatchbayError } from "../../../runtime/error.ts";
import type { S3Location } from "../../process/s3-location.ts";
import { type Blobs, verified } from "./blobs.ts";
import { S3Client } from "./s3-client.ts";

/** `pageSize`: objects per request when all are listed. */
export async function openS3Blobs(location: S3Location, pageSize = 1000): Promise<Blobs> {
  const blobs = new S3Blobs(new S3Client(location), pageSize);
  await blobs.page("", 1);
  return blobs;
}

class S3Blobs implements Blobs {
  readonly #client: S3Client;
  readonly #pageSize: number;

  constructor(client: S3Client, pageSize: number) {
    this.#client = client;
    this.#pageSize = pageSize;
  }

  async put(sha256: string, bytes: Uint8Array): Promise<void> {
    if ((await this.#size(sha256)) === bytes.byteLength) return;
    // The store verifies the signed hash.
    const headers = { "x-amz-content-sha256": sha256, "content-length": String(bytes.byteLength) };
    await this.#put(sha256, headers, bytes);
  }

  async putStream(sha256: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    if ((await this.#size(sha256)) === size) return;
    const headers = { "x-amz-content-sha256": sha256, "content-length": String(size) };
    let broken: unknown;
    const body: ReadableStream<Uint8Array> = ReadableStream.from(
      (async function* () {
        try {
          yield* verified(sha256, bytes);
        } catch (error) {
          broken = error;
          throw error;
        }
      })(),
    );
    await this.#put(sha256, headers, body).catch((error: unknown) => {
      throw broken ?? error;
    });
  }

  async *read(sha256: string): AsyncGenerator<Uint8Array> {
    const response = await this.#client.send({ method: "GET", key: keyOf(sha256) });
    if (response.status === 404)
      throw new PatchbayError("not_found", `The bytes ${sha256.slice(0, 12)}… are not in the bucket.`);
    if (!response.body) return;
    try {
      yield* response.body;
    } catch (cause) {
      throw new PatchbayError("unavailable", `The download of ${sha256.slice(0, 12)}… from the bucket broke off.`, {
        cause,
      });
    }
  }

  async delete(sha256: string): Promise<void> {
    await this.#client.send({ method: "DELETE", key: keyOf(sha256) });
  }

  async *list(): AsyncGenerator<{ sha256: string; at: number }> {
    let last: string | undefined = "";
    while (last !== undefined) {
      const page: Awaited<ReturnType<typeof this.page>> = await this.page(last, this.#pageSize);
      yield* page.blobs;
      last = page.last;
    }
  }

  /** S3 stores an object completely or not at all. */
  async removePartial(): Promise<number> {
    return 0;
  }

  /** Objects with keys after `after`. `last`: the last key, when there are more. */
  async page(after: string, limit: number) {
    const { bucket, prefix } = this.#client.location;
    const response = await this.#client.send({
      method: "GET",
      key: "",
      query: {
        "max-keys": String(limit),
        prefix: `${prefix}blobs/`,
        ...(after && { marker: after }),
      },
    });
    if (response.status === 404)
      throw new PatchbayError("unavailable", `There is no bucket "${bucket}". Create it, or correct PATCHBAY_FILES.`);
    return readList(await response.text());
  }

  async #put(sha256: string, headers: Record<string, string>, body: Uint8Array | ReadableStream<Uint8Array>) {
    const response = await this.#client.send({ method: "PUT", key: keyOf(sha256), headers, body });
    await response.body?.cancel();
    if (response.status === 404)
      throw new PatchbayError("unavailable", `The bucket "${this.#client.location.bucket}" no longer exists.`);
  }

  async #size(sha256: string): Promise<number | undefined> {
    const response = await this.#client.send({ method: "HEAD", key: keyOf(sha256) });
    return response.status === 404 ? undefined : Number(response.headers.get("content-length"));
  }
}

function keyOf(sha256: string): string {
  return `blobs/${sha256.slice(0, 2)}/${sha256}`;
}

/** Parses the response of ListObjects. Version 1, because every store supports it and it continues after a key. */
function readList(xml: string): { blobs: { sha256: string; at: number }[]; last?: string } {
  const blobs: { sha256: string; at: number }[] = [];
  let last: string | undefined;
  const root = parseDocument(xml, { xmlMode: true, decodeEntities: true }).children;
  const within = (nodes: typeof root, name: string) =>
    nodes
      .filter((node) => node.type === "tag" && node.name === name)
      .flatMap((node) => ("children" in node ? [node.children] : []));
  const textOf = (nodes: typeof root, name: string) =>
    (within(nodes, name)[0] ?? []).map((node) => ("data" in node ? node.data : "")).join("");
  for (const list of within(root, "ListBucketResult")) {
    for (const object of within(list, "Contents")) {
      last = textOf(object, "Key");
      const sha256 = last.split("/").at(-1)!;
      if (/^[0-9a-f]{64}$/.test(sha256)) blobs.push({ sha256, at: Date.parse(textOf(object, "LastModified")) });
    }
    if (textOf(list, "IsTruncated") !== "true") last = undefined;
  }
  return { blobs, ...(last !== undefined && { last }) };
}
