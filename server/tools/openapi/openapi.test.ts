import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openTestServices, type TestServices } from "../../mcp/testing/test-services.ts";
import { createNet } from "../../net/safe-fetch.ts";
import type { Toolbox } from "../service.ts";
import { createToolbox } from "../toolbox.ts";
import { importOpenApi } from "./import.ts";

const never = new AbortController().signal;

/** A shop in 3.0: every place an argument can stand, nested bodies, references, and each kind of sign-in. */
const shop = {
  openapi: "3.0.3",
  info: { title: "Corner Shop" },
  servers: [{ url: "https://{region}.shop.example/v1/", variables: { region: { default: "eu" } } }],
  security: [{ key: [] }],
  paths: {
    "/items/{id}": {
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
      get: {
        operationId: "getItem",
        summary: "Read an item",
        description: "Gives one item of the shop.",
        parameters: [
          { name: "fields", in: "query", schema: { type: "array", items: { type: "string" } } },
          { name: "tags", in: "query", explode: false, schema: { type: "array", items: { type: "string" } } },
          {
            name: "filter",
            in: "query",
            style: "deepObject",
            schema: { type: "object", properties: { color: { type: "string" } } },
          },
          { name: "where", in: "query", content: { "application/json": { schema: { type: "object" } } } },
          { name: "X-Trace", in: "header", schema: { type: "string" } },
          { name: "Accept", in: "header", schema: { type: "string" } },
          { name: "session", in: "cookie", schema: { type: "string" } },
          { $ref: "#/components/parameters/Page" },
        ],
        responses: {},
      },
      delete: { operationId: "getItem", security: [], deprecated: true, responses: {} },
    },
    "/orders": {
      post: {
        operationId: "create order!",
        security: [{ oauth: ["orders:write"] }],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: {
                allOf: [
                  { $ref: "#/components/schemas/Base" },
                  {
                    type: "object",
                    required: ["lines"],
                    properties: { lines: { type: "array", items: { $ref: "#/components/schemas/Line" } } },
                  },
                ],
              },
            },
          },
        },
        responses: {},
      },
    },
    "/forms": {
      post: {
        operationId: "form",
        security: [{ basic: [] }],
        requestBody: {
          content: {
            "application/x-www-form-urlencoded": {
              schema: {
                type: "object",
                properties: { a: { type: "string" }, b: { type: "array", items: { type: "integer" } } },
              },
            },
          },
        },
        responses: {},
      },
    },
    "/multi": {
      post: {
        operationId: "multi",
        security: [{ query: [] }],
        requestBody: {
          content: {
            "multipart/form-data": {
              schema: {
                type: "object",
                properties: { note: { type: "string" }, picture: { type: "string", format: "binary" } },
              },
            },
          },
        },
        responses: {},
      },
    },
    "/whole": {
      post: {
        operationId: "whole",
        security: [{ bearer: [] }],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: { oneOf: [{ type: "string" }, { type: "array", items: { type: "integer" } }] },
            },
          },
        },
        responses: {},
      },
    },
    "/clash/{name}": {
      put: {
        operationId: "clash",
        security: [{ cookie: [] }],
        parameters: [{ name: "name", in: "path", required: true, schema: { type: "string" } }],
        requestBody: {
          content: { "application/json": { schema: { type: "object", properties: { name: { type: "string" } } } } },
        },
        responses: {},
      },
    },
    "/text": {
      post: {
        operationId: "text",
        security: [],
        requestBody: { required: true, content: { "text/plain": { schema: { type: "string" } } } },
        responses: {},
      },
    },
    "/upload": {
      post: {
        operationId: "upload",
        requestBody: { required: true, content: { "application/octet-stream": {} } },
        responses: {},
      },
    },
    "/tls": { get: { operationId: "tls", security: [{ tls: [] }], responses: {} } },
    "/tree": {
      post: {
        operationId: "tree",
        security: [],
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Tree" } } } },
        responses: {},
      },
    },
    "/remote": {
      get: {
        operationId: "remote",
        security: [],
        parameters: [
          { $ref: "http://127.0.0.1:1/p.json" },
          { name: "x", in: "query", schema: { $ref: "file:///etc/passwd" } },
        ],
        responses: {},
      },
    },
    "/elsewhere": { $ref: "other.yaml#/paths/x" },
    "/slow": {
      get: {
        operationId: "slow",
        security: [],
        parameters: [
          {
            name: "q",
            in: "query",
            schema: { type: "string", pattern: "^(a)\\1$", nullable: true, minimum: 1, exclusiveMinimum: true },
          },
        ],
        responses: {},
      },
    },
  },
  components: {
    parameters: { Page: { name: "page[number]", in: "query", schema: { type: "integer", default: 1 } } },
    schemas: {
      Base: {
        type: "object",
        required: ["customer"],
        properties: {
          id: { type: "string", readOnly: true },
          customer: {
            type: "object",
            properties: { name: { type: "string" }, vip: { type: "boolean", nullable: true } },
          },
        },
      },
      Line: {
        type: "object",
        properties: { sku: { type: "string" }, count: { type: "integer", minimum: 0, exclusiveMinimum: true } },
      },
      Tree: {
        type: "object",
        properties: {
          value: { type: "string" },
          children: { type: "array", items: { $ref: "#/components/schemas/Tree" } },
        },
      },
    },
    securitySchemes: {
      key: { type: "apiKey", in: "header", name: "X-Shop-Key" },
      query: { type: "apiKey", in: "query", name: "api_key" },
      cookie: { type: "apiKey", in: "cookie", name: "sid" },
      basic: { type: "http", scheme: "basic" },
      bearer: { type: "http", scheme: "bearer" },
      oauth: { type: "oauth2", flows: { clientCredentials: { tokenUrl: "https://shop.example/token", scopes: {} } } },
      tls: { type: "mutualTLS" },
    },
  },
};

const yaml = `
openapi: 3.1.0
info: { title: 天气 API }
servers:
  - url: https://weather.example
paths:
  /now:
    get:
      summary: 查询天气
      parameters:
        - name: city
          in: query
          required: true
          schema: { type: [string, "null"], const: x }
`;

const swagger = {
  swagger: "2.0",
  info: { title: "Old API" },
  host: "old.example",
  basePath: "/api",
  schemes: ["http", "https"],
  securityDefinitions: {
    token: { type: "oauth2", flow: "application", tokenUrl: "https://old.example/token" },
    pass: { type: "basic" },
  },
  definitions: {
    Pet: {
      type: "object",
      required: ["name"],
      properties: { name: { type: "string" }, kind: { type: "string", enum: ["cat", "dog"] } },
    },
  },
  paths: {
    "/pets": {
      get: {
        operationId: "list",
        parameters: [
          { name: "ids", in: "query", type: "array", items: { type: "integer" }, collectionFormat: "csv" },
          { name: "many", in: "query", type: "array", items: { type: "string" }, collectionFormat: "multi" },
        ],
      },
      post: {
        operationId: "add",
        parameters: [{ name: "pet", in: "body", required: true, schema: { $ref: "#/definitions/Pet" } }],
        security: [{ pass: [] }],
      },
    },
    "/form": {
      post: {
        operationId: "form",
        consumes: ["application/x-www-form-urlencoded"],
        parameters: [{ name: "text", in: "formData", type: "string", required: true }],
      },
    },
    "/file": {
      post: { operationId: "file", parameters: [{ name: "f", in: "formData", type: "file", required: true }] },
    },
  },
};

const byName = (document: unknown, more: object = {}) => {
  const { api, tools, report } = importOpenApi({ openapi: document, ...more });
  return { api, report, tools: new Map(tools.map((tool) => [tool.name.split("/")[2]!, tool])) };
};

describe("reading documents", () => {
  const { api, tools, report } = byName(shop);
  const why = Object.fromEntries(report.map((each) => [each.operation, each]));

  it("names tools after operations, each once", () => {
    expect(api).toBe("corner-shop");
    expect([...tools.keys()]).toEqual([
      "getItem",
      "getItem_2",
      "create_order",
      "form",
      "multi",
      "whole",
      "clash",
      "text",
      "tree",
      "remote",
      "slow",
    ]);
    expect(tools.get("getItem")).toMatchObject({
      summary: "Read an item. Gives one item of the shop.",
      effect: "read",
      source: "Corner Shop",
      binding: { server: "https://eu.shop.example/v1" },
    });
    expect(tools.get("create_order")!.effect).toBe("outside");
  });

  it("makes arguments of parameters and of a body's properties, nested ones whole", () => {
    expect(tools.get("getItem")!.parameters).toMatchObject({
      required: ["id"],
      additionalProperties: false,
      properties: {
        id: {},
        fields: {},
        tags: {},
        filter: {},
        where: {},
        "X-Trace": {},
        session: {},
        page_number: { default: 1 },
      },
    });
    expect(Object.keys(tools.get("getItem")!.parameters.properties as object)).toHaveLength(8);
    expect(tools.get("create_order")!.parameters).toEqual({
      type: "object",
      additionalProperties: false,
      required: ["customer", "lines"],
      properties: {
        customer: { type: "object", properties: { name: { type: "string" }, vip: { type: ["boolean", "null"] } } },
        lines: {
          type: "array",
          items: {
            type: "object",
            properties: { sku: { type: "string" }, count: { type: "integer", exclusiveMinimum: 0 } },
          },
        },
      },
    });
    expect(Object.keys(tools.get("clash")!.parameters.properties as object)).toEqual(["name", "body"]);
    expect(tools.get("whole")!.parameters).toMatchObject({
      required: ["body"],
      properties: { body: { anyOf: [{ type: "string" }, { type: "array" }] } },
    });
  });

  it("reports what was simplified and what was left out, and why", () => {
    expect(why["GET /items/{id}"]).toEqual({ operation: "GET /items/{id}", result: "imported" });
    expect(why["DELETE /items/{id}"]!.reason).toBe("deprecated");
    expect(why["POST /upload"]).toMatchObject({ result: "left-out", reason: expect.stringContaining("octet-stream") });
    expect(why["GET /tls"]).toMatchObject({ result: "left-out", reason: expect.stringContaining("sign in") });
    expect(why["POST /multi"]).toMatchObject({ result: "imported" });
    expect(tools.get("multi")!.parameters.properties).toMatchObject({ picture: { pattern: "^artifact://" } });
    expect(why["POST /tree"]).toMatchObject({ result: "simplified", reason: expect.stringContaining("recursive") });
    expect(why["GET /remote"]).toMatchObject({
      result: "simplified",
      reason: expect.stringMatching(/outside of the document/),
    });
    expect(why["/elsewhere"]).toMatchObject({ result: "left-out" });
    expect(why["GET /slow"]).toMatchObject({ result: "simplified", reason: expect.stringContaining("pattern") });
  });

  it("reads YAML, 3.1 and Chinese", () => {
    const weather = byName(yaml);
    expect(weather.api).toBe("weather-example");
    expect(weather.tools.get("get_now")).toMatchObject({
      summary: "查询天气",
      parameters: { properties: { city: { type: ["string", "null"], const: "x" } }, required: ["city"] },
    });
    expect(byName(yaml, { name: "Weather 2" }).api).toBe("weather-2");
  });

  it("reads Swagger 2", () => {
    const old = byName(JSON.stringify(swagger));
    expect([...old.tools.keys()]).toEqual(["list", "add", "form", "file"]);
    expect(old.tools.get("list")!.binding).toMatchObject({
      server: "https://old.example/api",
      parameters: [{ style: "form", explode: false }, { explode: true }],
    });
    expect(old.tools.get("add")).toMatchObject({
      parameters: { required: ["name"], properties: { kind: { enum: ["cat", "dog"] } } },
      binding: { auth: [{ value: { as: "basic", secret: "old-api.pass" } }] },
    });
    expect(old.tools.get("file")!.binding).toMatchObject({
      body: { mediaType: "multipart/form-data", from: { args: [{ file: true }] } },
    });
  });

  it("a model is never asked for a credential", () => {
    const document = {
      ...swagger,
      security: [{ token: [] }],
      paths: {
        "/x": {
          get: {
            parameters: [
              { name: "token", in: "query", type: "string", required: true },
              { name: "q", in: "query", type: "string" },
            ],
          },
        },
      },
    };
    expect(Object.keys(byName(document).tools.get("get_x")!.parameters.properties as object)).toEqual(["q"]);
  });

  it.each([
    [{}, "neither openapi nor swagger"],
    [{ openapi: "4.0.0", paths: {} }, "4.0.0"],
    [{ openapi: "3.0.0" }, "no paths"],
    ["openapi: [", "cannot be read"],
    ["{ broken", "cannot be read"],
    ["a: &a [x]\na: 2", "unique"],
    [42, "not an object"],
    [{ openapi: "3.0.0", paths: { "/x": { get: {} } } }, 'Say where the API is with "server"'],
    [{ openapi: "3.0.0", servers: [{ url: "/v1" }], paths: { "/x": { get: {} } } }, '"/v1"'],
    [JSON.parse('{"openapi":"3.0.0","paths":{"__proto__":{}}}'), "__proto__"],
  ])("refuses %j", (document, message) => {
    expect(() => importOpenApi({ openapi: document })).toThrow(message);
  });

  it("a large document is read aside, with the same outcome and the same refusals", async () => {
    const { importAside } = await import("./import-in-worker.ts");
    const large = { ...shop, "x-padding": "x".repeat(200_000) };
    expect(await importAside({ openapi: JSON.stringify(large) })).toEqual(importOpenApi({ openapi: large }));
    const refused = importAside({ openapi: `{"openapi": "9.9", "x": "${"x".repeat(200_000)}"}` });
    await expect(refused).rejects.toMatchObject({ name: "PatchbayError", code: "bad_request", path: "/openapi" });
  });

  it("a YAML bomb, a bottomless document and a huge one are refused", () => {
    const bomb = `a: &a ["x","x","x","x","x","x","x","x","x"]\n${"bcdefghij"
      .split("")
      .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${"abcdefghij"[i]}`).join(",")}]`)
      .join("\n")}`;
    expect(() => importOpenApi({ openapi: bomb })).toThrow(/alias|parts/i);
    expect(() => importOpenApi({ openapi: "[".repeat(100_000) })).toThrow(/cannot be read/);
    expect(() => importOpenApi({ openapi: `openapi: 3.0.0\nx: ${"{a: ".repeat(5_000)}1${"}".repeat(5_000)}` })).toThrow(
      /cannot be read/,
    );
    expect(() => importOpenApi({ openapi: " ".repeat(17 * 1024 * 1024) })).toThrow(/larger than 16 MiB/);
  });

  it("whatever is in the paths, the answer is tools and a report, or a clear refusal", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ maxLength: 12 }),
          fc.dictionary(fc.constantFrom("get", "post", "parameters", "$ref"), fc.anything({ maxDepth: 4 })),
        ),
        (paths) => {
          try {
            const { tools, report } = importOpenApi({
              openapi: { openapi: "3.1.0", paths },
              server: "https://x.example",
            });
            expect(report.length).toBeGreaterThanOrEqual(tools.length);
          } catch (thrown) {
            expect(thrown).toMatchObject({ name: "PatchbayError" });
          }
        },
      ),
      { numRuns: 300, examples: [[{ "": { $ref: { toString: 0 } } }]] },
    );
  });
});

describe("calling an API that a document describes", () => {
  let world: TestServices;
  let toolbox: Toolbox;
  let server: Server;
  let base = "";
  let seen: {
    method: string;
    url: string;
    headers: IncomingMessage["headers"];
    body: string;
    raw: Buffer<ArrayBuffer>;
  }[] = [];
  let tokens = 0;
  let refuse = 0;

  beforeAll(async () => {
    world = await openTestServices();
    server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = Buffer.concat(parts).toString();
      if (request.url === "/token") {
        tokens++;
        const ok = request.headers.authorization === `Basic ${Buffer.from("me:p%20w").toString("base64")}`;
        response
          .writeHead(ok ? 200 : 401)
          .end(
            JSON.stringify(ok ? { access_token: `t${tokens}-secret`, expires_in: 3600 } : { error: "invalid_client" }),
          );
        return;
      }
      seen.push({
        method: request.method!,
        url: request.url!,
        headers: request.headers,
        body,
        raw: Buffer.concat(parts),
      });
      if (refuse-- > 0) response.writeHead(401).end("{}");
      else response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const net = createNet({ allowHosts: [base] });
    toolbox = createToolbox({
      ...world,
      net,
      now: () => Date.now(),
      evaluate: async () => null,
      models: {
        resolve: async () => Promise.reject(new Error("none")),
        chat: async function* () {},
        embed: async () => [],
        embedder: async () => undefined,
      },
    });
    const document = structuredClone(shop) as typeof shop & {
      components: { securitySchemes: { oauth: { flows: { clientCredentials: { tokenUrl: string } } } } };
    };
    document.components.securitySchemes.oauth.flows.clientCredentials.tokenUrl = `${base}/token`;
    const { tools } = await toolbox.import({ openapi: document, server: `${base}/v1` });
    expect(tools.find((tool) => tool.name.endsWith("/getItem"))!.needs).toEqual(["secret corner-shop.key"]);
    for (const [name, value] of Object.entries({
      key: "k-123456",
      query: "q-123456",
      cookie: "c-123456",
      basic: "me:pw",
      bearer: "b-123456",
      oauth: "me:p w",
    }))
      await world.secrets.set(`corner-shop.${name}`, value);
  });
  afterEach(() => {
    seen = [];
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await world.close();
  });
  const call = async (name: string, args: object) => {
    const result = await toolbox.call(
      { id: "1", tool: `openapi/corner-shop/${name}`, arguments: args },
      { idempotencyKey: "key-9" },
      never,
    );
    return { result, request: seen.at(-1)! };
  };

  it("lays every kind of parameter out as the document says", async () => {
    const { result, request } = await call("getItem", {
      id: "a/b c",
      fields: ["x", "y z"],
      tags: ["1", "2,3"],
      filter: { color: "red&blue" },
      where: { a: [1] },
      "X-Trace": "t",
      session: "s;1",
      page_number: 2,
    });
    expect(result).toEqual({ content: '{"ok":true}', value: { ok: true } });
    expect(request.url).toBe(
      "/v1/items/a%2Fb%20c?fields=x&fields=y%20z&tags=1,2%2C3&filter%5Bcolor%5D=red%26blue&where=%7B%22a%22%3A%5B1%5D%7D&page%5Bnumber%5D=2",
    );
    expect(request.headers).toMatchObject({ "x-shop-key": "k-123456", "x-trace": "t", cookie: "session=s%3B1" });
    expect(request.headers).not.toHaveProperty("idempotency-key");
  });

  it("sends nested bodies with a token of client credentials, asked for once and again when refused", async () => {
    const order = { customer: { name: "李雷", vip: null }, lines: [{ sku: "a", count: 2 }] };
    await Promise.all([call("create_order", order), call("create_order", order)]);
    expect(tokens).toBe(1);
    const { request } = await call("create_order", order);
    expect(tokens).toBe(1);
    expect(JSON.parse(request.body)).toEqual(order);
    expect(request.headers).toMatchObject({
      authorization: "Bearer t1-secret",
      "content-type": "application/json",
      "idempotency-key": "key-9",
    });
    refuse = 1;
    expect((await call("create_order", order)).request.headers.authorization).toBe("Bearer t2-secret");
    await world.secrets.set("corner-shop.oauth", "no-colon");
    refuse = 1;
    expect((await call("create_order", order)).result).toMatchObject({
      error: true,
      content: expect.stringContaining("client_id:client_secret"),
    });
  });

  it("sends forms, multipart, text, whole bodies, and each kind of sign-in", async () => {
    expect((await call("form", { a: "1 & 2", b: [3, 4] })).request).toMatchObject({
      body: "a=1%20%26%202&b=3&b=4",
      headers: { authorization: `Basic ${Buffer.from("me:pw").toString("base64")}` },
    });
    const multi = (await call("multi", { note: "你好\r\n--x" })).request;
    expect(multi.url).toBe("/v1/multi?api_key=q-123456");
    const form = await new Response(multi.body, {
      headers: { "content-type": multi.headers["content-type"]! },
    }).formData();
    expect(form.get("note")).toBe("你好\r\n--x");
    expect((await call("whole", { body: [1, 2] })).request).toMatchObject({
      body: "[1,2]",
      headers: { authorization: "Bearer b-123456" },
    });
    expect((await call("clash", { name: "p", body: { name: "q" } })).request).toMatchObject({
      url: "/v1/clash/p",
      body: '{"name":"q"}',
      headers: { cookie: "sid=c-123456" },
    });
    expect((await call("text", { body: "plain" })).request).toMatchObject({
      body: "plain",
      headers: { "content-type": "text/plain" },
    });
  });

  it("uploads a file that an earlier call made, and puts one into JSON as a data URL", async () => {
    const picture = await world.files.put({
      mediaType: "image/png",
      name: 'a".png',
      bytes: Buffer.from([0x89, 0, 255, 13, 10]),
    });
    const { request } = await call("multi", { note: "n", picture: `artifact://${picture.id}` });
    const form = await new Response(request.raw, {
      headers: { "content-type": request.headers["content-type"]! },
    }).formData();
    const file = form.get("picture") as File;
    expect([file.type, new Uint8Array(await file.arrayBuffer())]).toEqual([
      "image/png",
      new Uint8Array([0x89, 0, 255, 13, 10]),
    ]);
    expect(JSON.parse((await call("clash", { name: "p", body: { name: "x" } })).request.body)).toEqual({ name: "x" });
    expect((await call("whole", { body: `artifact://${picture.id}` })).request.body).toBe(
      '"data:image/png;base64,iQD/DQo="',
    );
    expect((await call("multi", { picture: "artifact://nothing" })).result).toMatchObject({ error: true });
    expect((await call("multi", { picture: "/etc/passwd" })).result).toMatchObject({ error: true });
  });

  it("refuses what does not fit before anything is sent", async () => {
    expect((await call("getItem", { id: ".." })).result.error).toBe(true);
    expect((await call("getItem", {})).result.content).toContain('"id" is missing');
    expect((await call("create_order", { customer: {}, lines: [{ count: 0 }] })).result.error).toBe(true);
    expect((await call("getItem", { id: "x", "X-Trace": "a\r\nX-Evil: 1" })).result.error).toBe(true);
    expect(seen).toEqual([]);
  });

  it("an import again replaces the API's tools; all of them go at once", async () => {
    await toolbox.import({ openapi: { ...shop, paths: { "/only": { get: { operationId: "only" } } } }, server: base });
    expect((await toolbox.specs(["openapi/corner-shop/*"])).map((spec) => spec.name)).toEqual([
      "openapi/corner-shop/only",
    ]);
    expect(await toolbox.delete("openapi/corner-shop/*")).toBe(true);
    await expect(toolbox.specs(["openapi/corner-shop/*"])).rejects.toMatchObject({ code: "tool_not_allowed" });
  });
});
