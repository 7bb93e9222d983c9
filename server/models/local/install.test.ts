import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fetchFile } from "./fetch-file.ts";
import { installModel, removeModel } from "./install.ts";
import { installRuntime, LLAMA_VERSION } from "./runtime.ts";
import { installFakeLlama } from "./testing/fake-llama.ts";

let folder: string;
const closers: (() => Promise<void>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "patchbay-install-"));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

const MODEL = Buffer.concat([Buffer.from("GGUF"), Buffer.alloc(300_000, 7)]);
const signal = new AbortController().signal;
const noWait = async () => {};

interface Asked {
  range?: string;
  ifRange?: string;
}

/** Serves the model; `handle` may answer a request (counted from 1) in its own way. */
async function site(
  handle: (number: number, request: IncomingMessage, response: ServerResponse) => boolean = () => false,
  options: { etag?: string; ranges?: boolean } = {},
) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    asked.push({ range: request.headers.range, ifRange: request.headers["if-range"] as string | undefined });
    if (handle(asked.length, request, response)) return;
    const { etag = '"one"', ranges = true } = options;
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const same = ranges && request.headers["if-range"] === etag;
    const body = same ? MODEL.subarray(from) : MODEL;
    response.writeHead(same ? 206 : 200, {
      etag,
      "content-length": body.length,
      ...(same && { "content-range": `bytes ${from}-${MODEL.length - 1}/${MODEL.length}` }),
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tiny.gguf`, asked };
}

/** Sends the head and a part of the body, then breaks off. */
const breakOff =
  (bytes: number, etag = '"one"') =>
  (response: ServerResponse) => {
    response.writeHead(200, { etag, "content-length": MODEL.length });
    response.write(MODEL.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
  };

describe("a file", () => {
  const target = () => join(folder, "out.gguf");
  const get = (source: string, more = {}) => fetchFile({ source, target: target(), signal, sleep: noWait, ...more });

  test("from an address, with progress", async () => {
    const { url } = await site();
    const seen: number[] = [];
    expect(await get(url, { progress: (done: number, total: number) => seen.push(done / total) })).toBe(MODEL.length);
    expect(readFileSync(target()).equals(MODEL)).toBe(true);
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(1);
    expect(existsSync(`${target()}.part`)).toBe(false);
    expect(existsSync(`${target()}.part.json`)).toBe(false);
  });

  test("a broken download goes on where it was, in the same command", async () => {
    const { url, asked } = await site((number, _request, response) => {
      if (number === 1) breakOff(100_000)(response);
      return number === 1;
    });
    await get(url);
    expect(readFileSync(target()).equals(MODEL)).toBe(true);
    expect(asked).toEqual([{}, { range: "bytes=100000-", ifRange: '"one"' }]);
  });

  test("and in the next one; a stop leaves the part", async () => {
    const { url, asked } = await site((number, _request, response) => {
      if (number === 1) breakOff(50_000)(response);
      return number === 1;
    });
    await expect(get(url, { retries: 0 })).rejects.toMatchObject({ code: "connection_lost" });
    expect(readFileSync(`${target()}.part`).length).toBe(50_000);
    await get(url);
    expect(asked[1]!.range).toBe("bytes=50000-");
    expect(readFileSync(target()).equals(MODEL)).toBe(true);
  });

  test("a file that was changed meanwhile, or a site without ranges, begins anew", async () => {
    for (const options of [{ etag: '"two"' }, { ranges: false }]) {
      const { url } = await site((number, _request, response) => {
        if (number === 1) breakOff(60_000)(response);
        return number === 1;
      }, options);
      await get(url);
      expect(readFileSync(target()).equals(MODEL)).toBe(true);
    }
  });

  test("redirects are followed; a page, a refusal and nothing are told apart", async () => {
    const { url } = await site((_number, request, response) => {
      if (!request.url!.startsWith("/go/")) return false;
      response.writeHead(302, { location: "/tiny.gguf" }).end();
      return true;
    });
    expect(await get(url.replace("/tiny", "/go/tiny"))).toBe(MODEL.length);
    const answer = async (status: number, body: string) =>
      (await site((_number, _request, response) => Boolean(response.writeHead(status).end(body)))).url;
    await expect(get(await answer(200, "<html>a page</html>"))).rejects.toMatchObject({
      code: "bad_response",
      message: expect.stringContaining("GGUF"),
    });
    await expect(get(await answer(404, ""))).rejects.toMatchObject({ code: "not_found" });
    await expect(get(await answer(403, ""))).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("terms"),
    });
    await expect(get(await answer(503, ""), { retries: 1 })).rejects.toMatchObject({ code: "connection_lost" });
  });

  test("from a path; none there; no model", async () => {
    const path = join(folder, "source.gguf");
    writeFileSync(path, MODEL);
    expect(await get(path)).toBe(MODEL.length);
    writeFileSync(path, "PK zip");
    await expect(get(path)).rejects.toMatchObject({ code: "bad_response" });
    await expect(get(join(folder, "nothing.gguf"))).rejects.toMatchObject({ code: "not_found" });
    await expect(get(folder)).rejects.toMatchObject({ code: "not_found" });
  });

  test("a stop is heard", async () => {
    const stop = new AbortController();
    const { url } = await site();
    await expect(get(url, { signal: stop.signal, progress: () => stop.abort(new Error("stopped")) })).rejects.toThrow(
      "stopped",
    );
  });
});

describe("the whole", () => {
  /** Does as npm would: writes down what it was asked and lays the module. */
  const npm = (exit = 0, said = ""): string[] => {
    const script = join(folder, "npm-stand-in.mjs");
    writeFileSync(
      script,
      `import { mkdirSync, writeFileSync } from "node:fs";
       writeFileSync(${JSON.stringify(join(folder, "asked.json"))}, JSON.stringify(process.argv.slice(2)));
       console.error(${JSON.stringify(said)});
       if (${exit} === 0) { mkdirSync("node_modules/node-llama-cpp", { recursive: true }); writeFileSync("node_modules/node-llama-cpp/package.json", '{"version":"${LLAMA_VERSION}"}'); }
       process.exit(${exit});`,
    );
    return [process.execPath, script];
  };

  test("npm is asked for the exact version, one binary, and no scripts; once", async () => {
    const options = { folder: join(folder, "models"), signal, npm: npm() };
    expect(await installRuntime(options)).toBe(true);
    const asked = JSON.parse(readFileSync(join(folder, "asked.json"), "utf8")) as string[];
    expect(asked).toEqual(
      expect.arrayContaining(["install", "--ignore-scripts", "--omit=optional", `node-llama-cpp@${LLAMA_VERSION}`]),
    );
    expect(asked.filter((one) => one.startsWith("@node-llama-cpp/"))).toHaveLength(1);
    expect(await installRuntime(options)).toBe(false);
  });

  test("what npm says is told, and no npm at all too", async () => {
    const models = join(folder, "models");
    await expect(
      installRuntime({ folder: models, signal, npm: npm(1, "npm error 404 no such package") }),
    ).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining("404") });
    await expect(installRuntime({ folder: models, signal, npm: [join(folder, "no-npm")] })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("npm"),
    });
  });

  test("a model is named, read and noted; installed again it is replaced; removed it is gone", async () => {
    const models = join(folder, "models");
    installFakeLlama(models);
    const source = join(folder, "My Model.Q4_0.gguf");
    writeFileSync(source, MODEL);
    const stages: string[] = [];
    const installed = await installModel({ folder: models, source, signal, stage: (stage) => stages.push(stage) });
    expect(installed).toMatchObject({ model: "local/my-model.q4_0", bytes: MODEL.length, contextTokens: 4096 });
    expect(stages).toEqual(["runtime", "file", "check"]);
    expect(JSON.parse(readFileSync(join(models, "my-model.q4_0.json"), "utf8"))).toMatchObject({
      contextTokens: 4096,
      title: "Stand-in",
    });
    expect(await installModel({ folder: models, source, signal, contextTokens: 512 })).toMatchObject({
      contextTokens: 512,
    });
    expect(await removeModel(models, "my-model.q4_0")).toBe(true);
    expect(await removeModel(models, "my-model.q4_0")).toBe(false);
    expect(existsSync(installed.file)).toBe(false);
  });

  test("a bad name, a part of a split model, and a file that cannot be read leave nothing behind", async () => {
    const models = join(folder, "models");
    installFakeLlama(models);
    mkdirSync(join(folder, "in"));
    const source = join(folder, "in", "x.gguf");
    writeFileSync(source, MODEL);
    await expect(installModel({ folder: models, source, signal, name: "../up" })).rejects.toMatchObject({
      code: "bad_request",
    });
    await expect(
      installModel({ folder: models, source: "/models/big-00001-of-00003.gguf", signal }),
    ).rejects.toMatchObject({ code: "bad_request", message: expect.stringContaining("merge") });
    await expect(installModel({ folder: models, source, signal, name: "broken" })).rejects.toMatchObject({
      code: "bad_response",
    });
    expect(existsSync(join(models, "broken.gguf"))).toBe(false);
  });
});
