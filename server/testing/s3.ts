/** An S3-compatible server on loopback over a temporary folder, and in front of it a door that can be made to fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "s3rver";
import type { S3Place } from "../stores/s3-client.ts";

export interface S3Server {
  /** An empty bucket. */
  place: S3Place;
  /** Answers so many requests from now on with an error: 503 unless told otherwise. */
  failNext(times: number, status?: number, code?: string): void;
  /** How many it answered so. */
  readonly failed: number;
  close(): Promise<void>;
}

export async function startS3(): Promise<S3Server> {
  const directory = mkdtempSync(join(tmpdir(), "patchbay-s3-"));
  const store = new S3rver({
    port: 0,
    address: "127.0.0.1",
    silent: true,
    directory,
    configureBuckets: [{ name: "patchbay" }],
  });
  const { port: behind } = await store.run();
  let failures = 0;
  let failure = { status: 503, code: "SlowDown" };
  let failed = 0;
  const door = createServer((incoming, outgoing) => {
    if (failures > 0) {
      failures--;
      failed++;
      incoming.resume();
      outgoing.writeHead(failure.status).end(`<Error><Code>${failure.code}</Code></Error>`);
      return;
    }
    const { method, url, headers } = incoming;
    const onward = forward({ host: "127.0.0.1", port: behind, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.on("error", () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  const place: S3Place = {
    bucket: "patchbay",
    prefix: "",
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    accessKeyId: "S3RVER",
    secretAccessKey: "S3RVER",
  };
  return {
    place,
    failNext: (times, status = 503, code = "SlowDown") => {
      failures = times;
      failure = { status, code };
    },
    get failed() {
      return failed;
    },
    async close() {
      door.closeAllConnections();
      door.close();
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
