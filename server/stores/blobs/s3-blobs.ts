/** Blobs in a bucket of an S3-compatible store: `<prefix>blobs/ab/abcd…`, each one object, which is there whole or not at all. */
import { ReadableStream } from "node:stream/web";
import { parseDocument } from "htmlparser2";
import { PatchbayError } from "../../../runtime/error.ts";
import type { S3Location } from "../../process/s3-location.ts";
import { type Blobs, hashed } from "./blobs.ts";
import { S3Client } from "./s3-client.ts";

/** `pageSize`: how many are asked for at once where all are listed. */
export async function openS3Blobs(place: S3Location, pageSize = 1000): Promise<Blobs> {
  const blobs = new S3Blobs(new S3Client(place), pageSize);
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
    // The store checks that what came is what was signed.
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
          yield* hashed(sha256, bytes);
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
    const answer = await this.#client.send({ method: "GET", key: keyOf(sha256) });
    if (answer.status === 404)
      throw new PatchbayError("not_found", `The bytes ${sha256.slice(0, 12)}… are not in the bucket.`);
    if (!answer.body) return;
    try {
      yield* answer.body;
    } catch (cause) {
      throw new PatchbayError("unavailable", `The bucket broke off in the middle of ${sha256.slice(0, 12)}….`, {
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

  /** A bucket has no halves. */
  async tidy(): Promise<number> {
    return 0;
  }

  /** Objects whose keys come after `after`; `last`: the key after which there are more. */
  async page(after: string, limit: number) {
    const { bucket, prefix } = this.#client.place;
    const answer = await this.#client.send({
      method: "GET",
      key: "",
      query: {
        "max-keys": String(limit),
        prefix: `${prefix}blobs/`,
        ...(after && { marker: after }),
      },
    });
    if (answer.status === 404)
      throw new PatchbayError("unavailable", `There is no bucket "${bucket}": make it, or correct PATCHBAY_FILES.`);
    return readList(await answer.text());
  }

  async #put(sha256: string, headers: Record<string, string>, body: Uint8Array | ReadableStream<Uint8Array>) {
    const answer = await this.#client.send({ method: "PUT", key: keyOf(sha256), headers, body });
    await answer.body?.cancel();
    if (answer.status === 404)
      throw new PatchbayError("unavailable", `There is no bucket "${this.#client.place.bucket}" any more.`);
  }

  async #size(sha256: string): Promise<number | undefined> {
    const answer = await this.#client.send({ method: "HEAD", key: keyOf(sha256) });
    return answer.status === 404 ? undefined : Number(answer.headers.get("content-length"));
  }
}

function keyOf(sha256: string): string {
  return `blobs/${sha256.slice(0, 2)}/${sha256}`;
}

/** An answer of ListObjects: the first version, which goes on behind a key and is understood by every store. */
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
