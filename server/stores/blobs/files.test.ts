import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type S3Server, startS3 } from "../../testing/s3.ts";
import { filesContract } from "../contracts/files.contract.ts";
import { sqliteRecords } from "../sqlite/records.ts";
import { openBlobs } from "./open-blobs.ts";
import { openS3Blobs } from "./s3-blobs.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-files-"));
const records = await sqliteRecords(join(folder, "records.db"));
let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(async () => {
  await s3.close();
  await records.close();
  rmSync(folder, { recursive: true });
});

let count = 0;
filesContract("files in a folder", async () => ({
  records,
  blobs: await openBlobs(join(folder, `blobs-${++count}`)),
}));
filesContract("files in a bucket", async () => ({
  records,
  blobs: await openBlobs({ ...s3.location, prefix: `prefix ${++count}/` }),
}));

test("in a folder, old partial writes are removed", async () => {
  const root = join(folder, "tidy");
  const blobs = await openBlobs(root);
  writeFileSync(join(root, "tmp", "half"), "hal");
  writeFileSync(join(root, "tmp", "fresh"), "being written");
  utimesSync(join(root, "tmp", "half"), 1, 1);
  expect(await blobs.removePartial(Date.now() - 3600_000)).toBe(1);
  expect(readdirSync(join(root, "tmp"))).toEqual(["fresh"]);
});

describe("a bucket", () => {
  test("lists more objects than fit on a page", async () => {
    const blobs = await openS3Blobs({ ...s3.location, prefix: "many/" }, 2);
    const hashes: string[] = [];
    for (let i = 0; i < 5; i++) {
      const data = new TextEncoder().encode(String(i));
      const hash = createHash("sha256").update(data).digest("hex");
      await blobs.put(hash, data);
      hashes.push(hash);
    }
    const found: string[] = [];
    for await (const { sha256, at } of blobs.list()) {
      expect(Math.abs(Date.now() - at)).toBeLessThan(600_000);
      found.push(sha256);
    }
    expect(found).toEqual(hashes.sort());
  });

  test("that does not exist, or refuses the key, is reported in one line when it is opened", async () => {
    await expect(openBlobs({ ...s3.location, bucket: "nothing-here" })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/no bucket "nothing-here"\. Create it/),
    });
    s3.failNext(1, 403, "SignatureDoesNotMatch");
    await expect(openBlobs(s3.location)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/SignatureDoesNotMatch; check AWS_ACCESS_KEY_ID/),
    });
    await expect(openBlobs({ ...s3.location, endpoint: "http://127.0.0.1:2" })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/failed: ECONNREFUSED/),
    });
  });

  test("that fails sometimes is tried again; a lasting failure is reported", async () => {
    const blobs = await openBlobs(s3.location);
    const data = new TextEncoder().encode("again");
    const hash = createHash("sha256").update(data).digest("hex");
    const before = s3.failed;
    s3.failNext(2);
    await blobs.put(hash, data);
    expect(s3.failed - before).toBe(2);
    s3.failNext(100);
    await expect(blobs.delete(hash)).rejects.toMatchObject({ code: "unavailable" });
    s3.failNext(0);
    for await (const chunk of blobs.read(hash)) expect(chunk).toEqual(data);
  });
});
