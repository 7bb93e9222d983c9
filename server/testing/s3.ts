/** S3-compatible servers on loopback: S3rver behind a proxy that can fail on demand, and moto, which supports more of S3. */
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
  location: S3Location;
  /** Answers the next `times` requests with an error. Default: 503. */
  failNext(times: number, status?: number, code?: string): void;
  /** Number of requests that failed on demand. */
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
  const { port: storePort } = await store.run();
  let failures = 0;
  let failure = { status: 503, code: "SlowDown" };
  let failed = 0;
  const proxy = createServer((incoming, outgoing) => {
    if (failures > 0) {
      failures--;
      failed++;
      incoming.resume();
      outgoing.writeHead(failure.status).end(`<Error><Code>${failure.code}</Code></Error>`);
      return;
    }
    const { method, url, headers } = incoming;
    const forwarded = forward({ host: "127.0.0.1", port: storePort, method, path: url, headers }, (response) => {
      outgoing.writeHead(response.statusCode!, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.on("error", () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const location: S3Location = {
    bucket: "patchbay",
    prefix: "",
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    accessKeyId: "S3RVER",
    secretAccessKey: "S3RVER",
  };
  return {
    location,
    failNext: (times, status = 503, code = "SlowDown") => {
      failures = times;
      failure = { status, code };
    },
    get failed() {
      return failed;
    },
    async close() {
      proxy.closeAllConnections();
      proxy.close();
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** For `skipIf`: warns that tests are skipped because moto is not installed. */
export function withoutMoto(): boolean {
  try {
    execFileSync("moto_server", ["--help"], { stdio: "ignore" });
    return false;
  } catch {
    console.warn("\n*** moto is not installed (pip install 'moto[server]'): tests of LanceDB on S3 are SKIPPED. ***\n");
    return true;
  }
}

/** Starts moto in memory, with an empty bucket. */
export async function startMoto(): Promise<{ location: S3Location; close(): Promise<void> }> {
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
  const location: S3Location = {
    bucket: "patchbay",
    prefix: "",
    region: "us-east-1",
    endpoint,
    accessKeyId: "test",
    secretAccessKey: "test",
  };
  await fetch(`${endpoint}/${location.bucket}`, { method: "PUT" });
  return {
    location,
    async close() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
