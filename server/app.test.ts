/** The gate and the intake: who may come in, and what may be sent. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MIB } from "./http/intake.ts";
import { echo, type TestApp, TOKEN, testApp } from "./testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

/** The cookie of a browser that signed in. */
const signIn = async () => {
  const response = await app.request("POST", "/sign-in", { token: null, body: { token: TOKEN } });
  return response.headers.get("set-cookie")!.split(";")[0]!;
};
const codeOf = async (answer: Response) => ((await answer.json()) as { error: { code: string } }).error.code;

describe("authorization", () => {
  test("every route of the document is closed without a token, and with a wrong one", async () => {
    const document = await app.json<{ paths: Record<string, Record<string, { security?: unknown[] }>> }>(
      "GET",
      "/openapi.json",
      { token: null },
    );
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path.replaceAll(/\{[^}]+\}/g, "x")] as const),
    );
    expect(routes.length).toBeGreaterThan(40);
    for (const [method, path] of routes)
      for (const token of [null, "wrong-token-0123456789", `pb_${"A".repeat(43)}`]) {
        const answer = await app.request(method, path, { token, ...(method !== "GET" && { body: {} }) });
        expect(answer.status, `${method} ${path} with ${token}`).toBe(401);
      }
  });

  test("an agent key is refused on /api, and the admin token on hosted routes", async () => {
    const { key } = await app.key();
    expect((await app.request("GET", "/api/agents", { token: key })).status).toBe(401);
    expect((await app.request("GET", "/v1/runs/x", { token: TOKEN })).status).toBe(401);
    expect((await app.request("GET", "/v1/runs/x", { token: key })).status).toBe(404);
  });

  test("unknown paths need a sign-in, and are 404 with one", async () => {
    expect((await app.request("GET", "/api/nothing", { token: null })).status).toBe(401);
    expect((await app.request("GET", "/api/nothing")).status).toBe(404);
    expect((await app.request("GET", "/some/file.js", { token: null })).status).toBe(401);
    expect((await app.request("DELETE", "/", {})).status).toBe(404);
  });

  test("the open paths need no sign-in", async () => {
    expect(await app.json("GET", "/healthz", { token: null })).toEqual({ ok: true });
    expect((await app.request("GET", "/openapi.json", { token: null })).status).toBe(200);
  });

  test("only known hosts are allowed", async () => {
    for (const host of [
      "evil.example",
      "127.0.0.1.nip.io:4400",
      "patchbay.localhost.evil.example",
      "10.1.2.3:4400",
      "[fe80::1]",
      "a b",
      "",
      "localhost:4400@evil.example",
    ])
      expect((await app.request("GET", "/healthz", { headers: { host } })).status, host).toBe(403);
    for (const host of ["127.0.0.1:4400", "localhost:9", "LOCALHOST", "[::1]:4400"])
      expect((await app.request("GET", "/healthz", { headers: { host } })).status, host).toBe(200);
  });

  test("cross-origin requests are refused, signed in or not", async () => {
    const cookie = await signIn();
    const from = (origin: string | undefined, more: Record<string, string> = {}) =>
      app.request("POST", "/api/check", {
        token: null,
        body: { graph: echo },
        headers: { cookie, ...(origin && { origin }), ...more },
      });
    expect((await from("http://127.0.0.1:4400")).status).toBe(200);
    expect((await from(undefined)).status).toBe(200);
    for (const origin of ["https://evil.example", "http://127.0.0.1:5173", "null"])
      expect((await from(origin)).status).toBe(403);
    expect((await from(undefined, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await from(undefined, { "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect((await app.request("GET", "/api/agents", { headers: { origin: "https://evil.example" } })).status).toBe(403);
  });

  test("a public address is allowed as host and origin, and its cookie is for https only", async () => {
    const other = await testApp({ env: { PATCHBAY_URL: "https://agents.example.org" } });
    const headers = { host: "agents.example.org" };
    expect((await other.request("GET", "/healthz", { headers })).status).toBe(200);
    expect(
      (await other.request("GET", "/api/agents", { headers: { ...headers, origin: "https://agents.example.org" } }))
        .status,
    ).toBe(200);
    const answer = await other.request("POST", "/sign-in", { token: null, body: { token: TOKEN }, headers });
    const cookie = answer.headers.get("set-cookie")!;
    expect(cookie).toMatch(/^__Host-patchbay-[^;]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(
      (
        await other.request("GET", "/api/agents", {
          token: null,
          headers: { ...headers, cookie: cookie.split(";")[0]! },
        })
      ).status,
    ).toBe(200);
    await other.close();
  });
});

describe("signing in", () => {
  const session = (answer: Response) => answer.headers.get("set-cookie")?.split(";")[0];

  test("by a code, once", async () => {
    const { url } = await app.json<{ url: string }>("POST", "/api/sign-in-links");
    const path = url.slice(url.indexOf("/?"));
    const first = await app.request("GET", path, { token: null });
    expect(first.status).toBe(303);
    expect(first.headers.get("location")).toBe("/");
    const cookie = session(first)!;
    expect((await app.request("GET", "/api/agents", { token: null, headers: { cookie } })).status).toBe(200);
    const second = await app.request("GET", path, { token: null });
    expect(second.status).toBe(200);
    expect(session(second)).toBeUndefined();
    expect(await second.text()).toContain("has been used");
  });

  test("by the token, pasted", async () => {
    const wrong = await app.request("POST", "/sign-in", { token: null, body: { token: "wrong" } });
    expect(wrong.status).toBe(401);
    expect(session(wrong)).toBeUndefined();
    const right = await app.request("POST", "/sign-in", { token: null, body: { token: ` ${TOKEN}\n` } });
    expect(right.status).toBe(200);
    expect(right.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Lax/);
    const out = await app.request("POST", "/api/sign-out", { token: null, headers: { cookie: session(right)! } });
    expect(out.headers.get("set-cookie")).toMatch(/=; .*Max-Age=0/);
  });

  test("a cookie survives a restart, and a forged one is refused", async () => {
    const cookie = await signIn();
    await app.restart();
    const get = async (value: string) =>
      (await app.request("GET", "/api/agents", { token: null, headers: { cookie: value } })).status;
    expect(await get(cookie)).toBe(200);
    const [name, value] = decodeURIComponent(cookie).split(/=(.*)/) as [string, string];
    const [id, mac] = value.split(".") as [string, string];
    expect(await get(`${name}=x${id.slice(1)}.${mac}`)).toBe(401);
    expect(await get(`${name}=${id}.${mac.slice(0, -1)}`)).toBe(401);
    expect(await get(`${name}=${id}`)).toBe(401);
    expect(await get(`other=${value}`)).toBe(401);
  });

  test("a sign-out ends the sign-in on the server: this browser's, or everywhere", async () => {
    const get = async (cookie: string) =>
      (await app.request("GET", "/api/agents", { token: null, headers: { cookie } })).status;
    const leave = (cookie: string, query = "") =>
      app.request("POST", `/api/sign-out${query}`, { token: null, headers: { cookie } });
    const [first, second, third] = [await signIn(), await signIn(), await signIn()] as [string, string, string];
    expect((await leave(first)).status).toBe(204);
    await app.restart();
    expect([await get(first), await get(second), await get(third)]).toEqual([401, 200, 200]);
    expect((await leave(first)).status).toBe(401);
    expect((await leave(second, "?everywhere=true")).status).toBe(204);
    expect([await get(second), await get(third)]).toEqual([401, 401]);
  });

  test("without a sign-in, pages show the sign-in page in the browser's language, without external resources", async () => {
    const page = (path: string, headers = {}) =>
      app.request("GET", path, { token: null, headers: { accept: "text/html", ...headers } });
    for (const path of ["/", "/agents/x", "/sign-in"])
      expect(await (await page(path)).text()).toContain("Sign in to Patchbay");
    expect(await (await page("/", { "accept-language": "zh-CN,zh;q=0.9" })).text()).toContain("登录 Patchbay");
    const answer = await page("/");
    expect(answer.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
    expect(await answer.text()).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(await (await app.request("GET", "/")).text()).toBe("the editor");
  });

  test("wrong tokens are rate-limited", async () => {
    const other = await testApp();
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++)
      statuses.push((await other.request("POST", "/sign-in", { token: null, body: { token: `guess ${i}` } })).status);
    expect(statuses.slice(0, 20).every((status) => status === 401)).toBe(true);
    expect(statuses.slice(20)).toEqual([429, 429]);
    expect((await other.request("POST", "/sign-in", { token: null, body: { token: TOKEN } })).status).toBe(200);
    await other.close();
  });

  test("wrong tokens count for their caller, behind a trusted proxy by the address that it added", async () => {
    const proxied = await testApp({ env: { PATCHBAY_TRUST_PROXY: "1" } });
    const guess = async (from: string) =>
      (
        await proxied.request("POST", "/sign-in", {
          token: null,
          body: { token: "guess" },
          headers: { "x-forwarded-for": from },
        })
      ).status;
    for (let i = 0; i < 20; i++) expect(await guess(`198.51.100.${i}, 203.0.113.1`)).toBe(401);
    expect(await guess("203.0.113.1:4711")).toBe(429);
    expect(await guess("203.0.113.1, 203.0.113.2")).toBe(401);
    for (let i = 0; i < 20; i++) expect(await guess(`2001:db8::${i + 1}`)).toBe(401);
    expect(await guess("[2001:db8::ffff]:443")).toBe(429);
    expect(await guess("2001:db8:0:1::1")).toBe(401);
    await proxied.close();
  });
});

describe("request bodies", () => {
  const post = (body: unknown, headers: Record<string, string> = {}, path = "/api/check") =>
    app.request("POST", path, { body, headers });

  test("JSON only", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"])
      expect((await post('{"graph":{}}', { "content-type": type })).status, type).toBe(415);
    for (const type of [
      "application/json",
      "application/json; charset=utf-8",
      "APPLICATION/JSON",
      "application/merge-patch+json",
    ])
      expect((await post('{"graph":{}}', { "content-type": type })).status, type).toBe(200);
    expect(await codeOf(await post("{"))).toBe("bad_json");
    expect(await codeOf(await post(""))).toBe("bad_request");
  });

  test("bodies up to their limit, with and without a content length", async () => {
    const exactly = (bytes: number) => {
      const body = JSON.stringify({ value: "" });
      return `{"value":"${"x".repeat(bytes - body.length)}"}`;
    };
    const put = (body: string, chunked = false) =>
      app.request("PUT", "/api/secrets/BIG", {
        body: chunked ? new Blob([body]).stream() : body,
        headers: chunked ? {} : { "content-length": String(Buffer.byteLength(body)) },
      });
    // The secret itself is too long; that it is said by the route shows that the body was let in.
    for (const chunked of [false, true]) {
      const fits = await (await put(exactly(MIB), chunked)).json();
      expect(fits).toMatchObject({ error: { code: "too_large", message: expect.stringContaining("secret") } });
      const over = await (await put(exactly(MIB + 1), chunked)).json();
      expect(over).toMatchObject({ error: { code: "too_large", message: expect.stringContaining("1 MiB") } });
    }
  });

  test("a graph may have 8 MiB, an OpenAPI document 16 MiB, a hosted call 1 MiB", async () => {
    const { key } = await app.key();
    const statusAt = async (path: string, bytes: number, token = TOKEN) =>
      (await app.request("POST", path, { token, body: "{}", headers: { "content-length": String(bytes) } })).status;
    for (const [path, limit, token] of [
      ["/api/agents", 8 * MIB, TOKEN],
      ["/api/check", 8 * MIB, TOKEN],
      ["/api/runs", 8 * MIB, TOKEN],
      ["/api/tools/import", 16 * MIB, TOKEN],
      ["/api/keys", MIB, TOKEN],
      ["/v1/agents/x/runs", MIB, key],
    ] as const) {
      expect(await statusAt(path, limit, token), path).not.toBe(413);
      expect(await statusAt(path, limit + 1, token), path).toBe(413);
    }
  });

  test("JSON of 64 levels, not 65, without a stack overflow", async () => {
    const deep = (levels: number) => `{"graph":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    expect((await post(deep(64))).status).toBe(200);
    expect(await codeOf(await post(deep(65)))).toBe("bad_request");
    expect(await codeOf(await post(deep(500_000)))).toBe("bad_request");
    // Brackets within texts do not count.
    expect((await post(JSON.stringify({ graph: { text: `${"[{".repeat(100)}\\"` } }))).status).toBe(200);
  });

  test("keys that could pollute prototypes are refused at any depth and in any spelling", async () => {
    for (const text of [
      '{"graph":{"__proto__":{"x":1}}}',
      '{"graph":[{"constructor":1}]}',
      '{"prototype":1}',
      '{"graph":{"\\u005f_proto__":1}}',
      '{"graph":{"a":{"b":[{"\\u0063onstructor":{}}]}}}',
    ]) {
      const answer = await post(text);
      expect(answer.status, text).toBe(400);
      expect(await codeOf(answer)).toBe("bad_request");
    }
    // As a value they are words like any other.
    expect((await post('{"graph":{"text":"__proto__ and constructor \\u0041"}}')).status).toBe(200);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test("a key that appears twice in one object is refused with its path, in any spelling", async () => {
    for (const [text, path] of [
      ['{"graph":{"name":"a","name":"b"}}', "/graph/name"],
      ['{"graph":[{"a":[1,{"b":1}]},{"c":{},"d":"}","\\u0063":1}]}', "/graph/1/c"],
      ['{"graph":{},"graph":{}}', "/graph"],
    ] as const) {
      const { error } = (await (await post(text)).json()) as { error: { code: string; path: string } };
      expect(error, text).toMatchObject({ code: "bad_request", path });
    }
    expect((await post('{"graph":{"a":{"b":"a","c":["b","b",{"a":1}]},"b":{"a":1}}}')).status).toBe(200);
  });

  test("a form of very many parts is refused before it is parsed", async () => {
    const send = (parts: number) =>
      app.request("POST", "/api/files", {
        body: `${'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(parts)}--x--\r\n`,
        headers: { "content-type": "multipart/form-data; boundary=x" },
      });
    expect(await codeOf(await send(1100))).toBe("bad_request");
    expect(await codeOf(await send(1101))).toBe("too_large");
  });

  test("errors have one shape and no internal details", async () => {
    const answer = await app.request("POST", "/api/keys", { body: { name: "", agents: "*" } });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      error: { code: "bad_request", message: expect.stringContaining("/name"), path: "/name" },
    });
    const unknown = await app.request("POST", "/api/keys", { body: { name: "x", agents: "*", admin: true } });
    expect(await unknown.json()).toMatchObject({
      error: { code: "bad_request", message: expect.stringContaining("admin") },
    });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

test("the document is OpenAPI 3.1 and has every documented route", async () => {
  const document = await app.json<{
    openapi: string;
    paths: Record<string, Record<string, { summary?: string; responses: object }>>;
  }>("GET", "/openapi.json", { token: null });
  expect(document.openapi).toBe("3.1.0");
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      expect(operation.summary, `${method} ${path}`).toBeTruthy();
      expect(operation.responses, `${method} ${path}`).toHaveProperty("401");
      return `${method.toUpperCase()} ${path.replaceAll(/\{[^}]+\}/g, "*")}`;
    }),
  );
  for (const wanted of CONTRACT) expect(routes, wanted).toContain(wanted);
});

const CONTRACT = `
GET /api/catalog
GET /api/agents, POST /api/agents, GET /api/agents/*, PUT /api/agents/*, PATCH /api/agents/*, DELETE /api/agents/*
GET /api/agents/*/revisions, GET /api/agents/*/revisions/*
POST /api/check, POST /api/agents/*/runs, POST /api/runs
GET /api/runs, GET /api/runs/*, GET /api/runs/*/events, DELETE /api/runs/*
POST /api/runs/*/cancel, POST /api/runs/*/answer, POST /api/runs/*/fork, POST /api/runs/*/rating
GET /api/sessions, GET /api/sessions/*, DELETE /api/sessions/*
POST /api/agents/*/publish, GET /api/agents/*/versions, POST /api/agents/*/live
GET /api/keys, POST /api/keys, DELETE /api/keys/*
GET /api/models, POST /api/models, POST /api/models/*/test
GET /api/secrets, PUT /api/secrets/*, DELETE /api/secrets/*
GET /api/tools, POST /api/tools, POST /api/tools/import, POST /api/tools/call
GET /api/mcp-servers, POST /api/mcp-servers, POST /api/mcp-servers/*/approve, GET /api/mcp-servers/*/tools, DELETE /api/mcp-servers/*
GET /api/knowledge, POST /api/knowledge, POST /api/knowledge/*/documents, GET /api/knowledge/*/search
GET /api/knowledge/*/documents/*, DELETE /api/knowledge/*/documents/*
POST /api/files, GET /api/files/*
GET /api/templates, POST /api/templates/*/use, GET /api/usage
GET /api/tasks, GET /api/tasks/*, GET /api/tasks/*/events, POST /api/tasks/*/cancel
POST /v1/agents/*/runs, GET /v1/runs/*, GET /v1/runs/*/events, POST /v1/runs/*/cancel, POST /v1/runs/*/answer
GET /v1/sessions/*, DELETE /v1/sessions/*, POST /v1/files
POST /v1/chat/completions, GET /v1/models, POST /mcp/*, POST /mcp`
  .split(/[\n,]/)
  .map((route) => route.trim())
  .filter(Boolean);
