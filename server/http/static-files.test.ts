import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gunzipSync, gzipSync } from "node:zlib";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errorResponse } from "./errors.ts";
import { staticFiles } from "./static-files.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-static-"));
const script = "console.log('the editor');\n".repeat(200);
const app = new Hono().get("*", staticFiles(folder));
app.onError((error) => errorResponse(error, () => undefined));

beforeAll(() => {
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), "<!doctype html><div id=root></div><script>1</script>");
  writeFileSync(join(folder, "assets", "main-abc.js"), script);
  writeFileSync(join(folder, "assets", "main-abc.js.br"), brotliCompressSync(script));
  writeFileSync(join(folder, "assets", "main-abc.js.gz"), gzipSync(script));
  writeFileSync(join(folder, "theme.js"), "1");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = (path: string, accept?: string, method = "GET") =>
  app.request(path, { method, headers: accept === undefined ? {} : { "accept-encoding": accept } });

describe("a file", () => {
  test.each([
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, deflate", "gzip"],
    ["br;q=0, gzip", "gzip"],
    ["identity", null],
    ["br;q=0.0", null],
    [undefined, null],
  ])("to who takes %s is sent as %s", async (accept, encoding) => {
    const answer = await get("/assets/main-abc.js", accept);
    expect(answer.headers.get("content-encoding")).toBe(encoding);
    expect(answer.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(answer.headers.get("vary")).toBe(encoding && "Accept-Encoding");
    expect(answer.headers.get("cache-control")).toContain("immutable");
    const body = Buffer.from(await answer.arrayBuffer());
    expect(answer.headers.get("content-length")).toBe(String(body.length));
    if (encoding === "gzip") expect(gunzipSync(body).toString()).toBe(script);
    if (encoding === null) expect(body.toString()).toBe(script);
  });

  test("without a compressed variant is sent as it is, and revalidated each time", async () => {
    const answer = await get("/theme.js", "br, gzip");
    expect(answer.headers.get("content-encoding")).toBe(null);
    expect(answer.headers.get("cache-control")).toBe("no-cache");
    expect(await answer.text()).toBe("1");
  });

  test("has the same headers and no body for HEAD", async () => {
    const answer = await get("/assets/main-abc.js", "br", "HEAD");
    expect(answer.headers.get("content-length")).toBe(String(brotliCompressSync(script).length));
    expect(await answer.text()).toBe("");
  });

  test("that does not exist is 404; page paths and paths outside the folder get the editor", async () => {
    expect((await get("/assets/gone.js")).status).toBe(404);
    for (const path of ["/agents/1", "/index.html", "/..%2f..%2fetc/passwd", "/%00", "/%ff"]) {
      const answer = await get(path);
      expect(await answer.text(), path).toContain("id=root");
      expect(answer.headers.get("content-security-policy"), path).toContain("default-src 'self'");
    }
  });
});

test("an unbuilt editor reports how to build it", async () => {
  const pages = new Hono().get("*", staticFiles(join(folder, "nothing")));
  pages.onError((error) => errorResponse(error, () => undefined));
  const answer = await pages.request("/");
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain("npm start");
});
