/** The contract of a file store, for each implementation of `Blobs`. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Blobs } from "../blobs/blobs.ts";
import { createFiles } from "../blobs/files.ts";
import type { Records } from "../records.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const DAY = 86_400_000;

async function* chunks(...parts: Uint8Array[]) {
  yield* parts;
}

/** `fresh` returns empty stores each time. */
export function filesContract(name: string, fresh: () => Promise<{ blobs: Blobs; records: Records }>): void {
  const all = async (blobs: Blobs) => {
    const found: string[] = [];
    for await (const blob of blobs.list()) found.push(blob.sha256);
    return found.sort();
  };
  const read = async (blobs: Blobs, hash: string) => {
    const parts: Uint8Array[] = [];
    for await (const part of blobs.read(hash)) parts.push(part);
    return Buffer.concat(parts);
  };

  describe(name, () => {
    test("equal bytes are stored once, until their last file is deleted", async () => {
      const { blobs, records } = await fresh();
      const files = createFiles(records, blobs);
      const [a, b] = await Promise.all([
        files.put({ mediaType: "text/plain", name: "a.txt", bytes: bytes("same") }),
        files.put({ mediaType: "text/plain", name: "b.txt", bytes: bytes("same"), owner: "key_1" }),
      ]);
      expect(await all(blobs)).toEqual([sha256(bytes("same"))]);
      expect(await files.delete(a.id)).toBe(true);
      expect(await files.delete(a.id)).toBe(false);
      const kept = await files.get(b.id);
      expect(kept).toMatchObject({ ref: { name: "b.txt", mediaType: "text/plain", bytes: 4 }, owner: "key_1" });
      expect(Buffer.from(kept.bytes).toString()).toBe("same");
      expect(await files.delete(b.id)).toBe(true);
      expect(await all(blobs)).toEqual([]);
      await expect(files.get(b.id)).rejects.toMatchObject({ code: "not_found" });
    });

    test("a name is not a path", async () => {
      const { blobs, records } = await fresh();
      const files = createFiles(records, blobs);
      const put = async (given: string) => (await files.put({ mediaType: "", name: given, bytes: bytes(given) })).name;
      expect(await put("../../etc/passwd")).toBe("passwd");
      expect(await put("C:\\x\\手册.md")).toBe("手册.md");
      expect(await put("a\u0000\u202eb\n.txt")).toBe("ab.txt");
      expect(await put("")).toBe("file");
      expect(await put("x".repeat(999))).toHaveLength(255);
    });

    test("bytes are returned unchanged, written at once or as a stream, empty or large", async () => {
      const { blobs } = await fresh();
      const large = Buffer.alloc(3_000_000, "0123456789abcdef");
      for (const data of [new Uint8Array(), bytes("\u0000手册\r\n"), large]) {
        await blobs.put(sha256(data), data);
        expect((await read(blobs, sha256(data))).equals(data)).toBe(true);
        await blobs.delete(sha256(data));
        await expect(read(blobs, sha256(data))).rejects.toMatchObject({ code: "not_found" });
        const half = data.byteLength >> 1;
        await blobs.putStream(sha256(data), data.byteLength, chunks(data.subarray(0, half), data.subarray(half)));
        expect((await read(blobs, sha256(data))).equals(data)).toBe(true);
      }
    });

    test("a stream with another hash, or one that breaks off, stores nothing", async () => {
      const { blobs } = await fresh();
      const hash = sha256(bytes("true"));
      await expect(blobs.putStream(hash, 4, chunks(bytes("lies")))).rejects.toMatchObject({ code: "bad_request" });
      await expect(
        blobs.putStream(
          hash,
          4,
          (async function* () {
            yield bytes("tr");
            throw new Error("gone");
          })(),
        ),
      ).rejects.toThrow(/gone/);
      await expect(read(blobs, hash)).rejects.toMatchObject({ code: "not_found" });
      expect(await all(blobs)).toEqual([]);
    });

    test("the sweep removes only old blobs without a record", async () => {
      const { blobs, records } = await fresh();
      const files = createFiles(records, blobs);
      const kept = await files.put({ mediaType: "text/plain", name: "kept", bytes: bytes("kept") });
      const orphan = await files.put({ mediaType: "text/plain", name: "orphan", bytes: bytes("orphan") });
      await records.delete("file", orphan.id);
      expect(await files.sweep()).toBe(0);
      expect(await files.sweep(Date.now() + DAY)).toBe(1);
      expect(await all(blobs)).toEqual([sha256(bytes("kept"))]);
      expect(Buffer.from((await files.get(kept.id)).bytes).toString()).toBe("kept");
    });

    test("a hold keeps deleted blobs until it ends", async () => {
      const { blobs, records } = await fresh();
      const files = createFiles(records, blobs);
      const { id } = await files.put({ mediaType: "text/plain", name: "a", bytes: bytes("held") });
      const release = files.hold();
      await files.delete(id);
      expect(await files.sweep(Date.now() + DAY)).toBe(0);
      expect((await read(blobs, sha256(bytes("held")))).toString()).toBe("held");
      release();
      await expect.poll(() => all(blobs)).toEqual([]);
    });
  });
}
