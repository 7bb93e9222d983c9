/** S3-compatible servers on loopback: one in this process behind a door that can be made to fail, and moto, which knows more of S3. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "s3rver";
import type { S3Location } from "../process/s3-location.ts";

export interface S3Server {
  /** An empty bucket. */
  place: S3Location;
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
  const place: S3Location = {
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

/** For `skipIf`: says loudly that tests are left out because moto is not installed. */
export function withoutMoto(): boolean {
  try {
    execFileSync("moto_server", ["--help"], { stdio: "ignore" });
    return false;
  } catch {
    console.warn("\n*** moto is not installed (pip install 'moto[server]'): tests of LanceDB on S3 are SKIPPED. ***\n");
    return true;
  }
}

/** moto over nothing but memory, with an empty bucket. */
export async function startMoto(): Promise<{ place: S3Location; close(): Promise<void> }> {
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const endpoint = await new Promise<string>((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(output);
      if (found) resolve(found[1]!);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", () => reject(new Error(`moto did not start: ${output}`)));
  });
  const place: S3Location = {
    bucket: "patchbay",
    prefix: "",
    region: "us-east-1",
    endpoint,
    accessKeyId: "test",
    secretAccessKey: "test",
  };
  await fetch(`${endpoint}/${place.bucket}`, { method: "PUT" });
  return {
    place,
    async close() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
