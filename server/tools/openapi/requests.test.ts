/** What is sent when an imported operation is called. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FORBIDDEN_KEYS } from "../../../runtime/foreign-json.ts";
import type { OpenApiBinding } from "../stored-tool.ts";
import {
  document,
  HOST,
  type Json,
  load,
  operation,
  pairs,
  properties,
  withBody,
  withParameters,
} from "./testing/load-document.ts";

describe("addresses", () => {
  it.each([
    ["{p}/x", { p: "@evil.test" }, `${HOST}/%40evil.test/x`],
    ["{p}/x", { p: "evil.test" }, `${HOST}/evil.test/x`],
    [".{p}/x", { p: "evil.test" }, `${HOST}/.evil.test/x`],
    [":{p}", { p: "80@evil.test/" }, `${HOST}/:80%40evil.test%2F`],
    ["/a/{p}", { p: "b?c=d#e" }, `${HOST}/a/b%3Fc%3Dd%23e`],
    ["//{p}/x", { p: "evil.test" }, `${HOST}//evil.test/x`],
    ["/a?kind=b#part", {}, `${HOST}/a?kind=b`],
  ])("the path %j with %j stays at the API", (path, args, url) => {
    const { send } = load(document({ [path]: { get: operation({}) } }));
    expect(send("act", args).url).toBe(url);
  });

  it.each([
    ["/items/{a}/end", { a: ".." }],
    ["/items/{a}{b}/end", { a: ".", b: "." }],
    ["/items/%2e{a}/end", { a: "." }],
    ["/items/{a}/end", { a: "" }],
  ])("%j with %j is refused", (path, args) => {
    const { send } = load(document({ [path]: { get: operation({}) } }));
    expect(() => send("act", args)).toThrow("part of the address");
  });

  it("a label or a list cannot climb either", () => {
    const path = (style: string, value: unknown) =>
      load(withParameters([{ name: "p", in: "path", required: true, style, schema: {} }], "/a/{p}/b")).send("act", {
        p: value,
      }).url;
    expect(() => path("label", ".")).toThrow("part of the address");
    expect(() => path("simple", [".."])).toThrow("part of the address");
    expect(() => path("label", "")).toThrow("part of the address");
    expect(path("simple", ["1", "2/3"])).toBe(`${HOST}/a/1,2%2F3/b`);
    expect(path("matrix", { r: 1, g: "/" })).toBe(`${HOST}/a/;p=r,1,g,%2F/b`);
  });

  it.each([
    ["a path that climbs", "/a/../b"],
    ["a path with a backslash", "/a\\b"],
  ])("%s is left out", (_, path) => {
    expect(load(document({ [path]: { get: operation({}) } })).report).toMatchObject([{ result: "left-out" }]);
  });

  it("whatever a value is, the request stays at the API and the segment is the value", () => {
    const { send } = load(withParameters([{ name: "q", in: "query", style: "deepObject", schema: {} }], "{a}/x/{b}"));
    const text = fc.oneof(
      fc.constantFrom("..", "//evil.test", "@evil.test", "\\\\evil.test", "%2e%2e", "a?b#c"),
      fc.string({ unit: "binary", maxLength: 12 }),
    );
    const key = text.filter((name) => !FORBIDDEN_KEYS.has(name));
    fc.assert(
      fc.property(text, text, fc.dictionary(key, text, { maxKeys: 3 }), (a, b, q) => {
        let url: URL;
        try {
          url = new URL(send("act", { a, b, q }).url);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "bad_arguments" });
          expect([a, b].some((each) => ["", ".", ".."].includes(each))).toBe(true);
          return;
        }
        expect([url.origin, url.hash, ...url.pathname.split("/").map(decodeURIComponent)]).toEqual([
          HOST,
          "",
          "",
          a.toWellFormed(),
          "x",
          b.toWellFormed(),
        ]);
        expect([...url.searchParams]).toEqual(
          Object.entries(q).map(([key, value]) => [`q[${key.toWellFormed()}]`, value.toWellFormed()]),
        );
      }),
      { numRuns: 60 },
    );
  });

  const at = (servers: unknown, server?: string, own?: Json, more: Json = {}) =>
    (
      load(document({ "/users": { get: operation({ ...own }) } }, { servers, ...more }), { server }).tool("act")
        .binding as OpenApiBinding
    ).server;
  it.each([
    [[{ url: "/myapp" }], "https://host.test", "https://host.test/myapp"],
    [[{ url: "/myapp" }], "https://host.test/myapp", "https://host.test/myapp"],
    [[{ url: "/myapp/" }], "https://host.test/", "https://host.test/myapp"],
    [[{ url: "v1" }], "https://host.test/api/", "https://host.test/api/v1"],
    [[{ url: "/" }], "https://host.test/base", "https://host.test/base"],
    [[], "https://host.test/base/", "https://host.test/base"],
    [[{ url: HOST }], "https://host.test", "https://host.test"],
    [[{ url: "/v1" }, { url: `${HOST}/v1` }], undefined, `${HOST}/v1`],
    [[{ url: "//api.test/v1" }], undefined, `${HOST}/v1`],
    [
      [{ url: "https://api.test:{port}/{v}", variables: { port: { default: 8443 }, v: { enum: ["v2"] } } }],
      undefined,
      `${HOST}:8443/v2`,
    ],
  ])("servers %j with %j given are %s", (servers, server, expected) => {
    expect(at(servers, server)).toBe(expected);
  });

  it("an operation's own server stays; a relative one is read against what was given", () => {
    expect(at([{ url: HOST }], "https://host.test", { servers: [{ url: "https://uploads.test" }] })).toBe(
      "https://uploads.test",
    );
    expect(at([{ url: "/v1" }], "https://host.test", { servers: [{ url: "/upload" }] })).toBe(
      "https://host.test/upload",
    );
    expect(at([{ url: `${HOST}/v1` }], undefined, { servers: [{ url: "/upload" }] })).toBe(`${HOST}/upload`);
  });

  it("a server variable without a value is refused, never sent", () => {
    expect(
      load(document({ "/x": { get: operation({}) } }, { servers: [{ url: "https://api.test/{v}" }] })).report,
    ).toMatchObject([{ result: "left-out", reason: expect.stringContaining("{v}") }]);
  });

  it("Swagger 2 with a base path alone is read against the given server", () => {
    const swagger = { swagger: "2.0", basePath: "/api", paths: { "/x": { get: { operationId: "act" } } } };
    expect(load(swagger, { server: "https://host.test" }).send("act", {}).url).toBe("https://host.test/api/x");
  });

  it("a relative token address belongs to the server", () => {
    const flows = { clientCredentials: { tokenUrl: "/oauth/token", scopes: {} } };
    const { tool } = load(
      document(
        { "/x": { get: operation({ security: [{ o: [] }] }) } },
        { components: { securitySchemes: { o: { type: "oauth2", flows } } } },
      ),
    );
    expect((tool("act").binding as OpenApiBinding).auth).toMatchObject([
      { kind: "oauth", tokenUrl: `${HOST}/oauth/token` },
    ]);
  });
});

describe("forms", () => {
  const FORM = "application/x-www-form-urlencoded";
  const customer = {
    address: { city: "Lyon", line1: "1 rue" },
    expand: ["a", "b"],
    items: [{ price: "p1", quantity: 2 }],
    email: "a@b.test",
  };
  const schema = { type: "object", properties: Object.fromEntries(Object.keys(customer).map((name) => [name, {}])) };
  const deep = { style: "deepObject", explode: true };

  it("write nested objects and lists as their encoding says", () => {
    const { send } = load(withBody(FORM, { schema, encoding: { address: deep, expand: deep, items: deep } }));
    expect(pairs(send("act", customer).body!)).toEqual([
      "address[city]=Lyon",
      "address[line1]=1 rue",
      "expand[0]=a",
      "expand[1]=b",
      "items[0][price]=p1",
      "items[0][quantity]=2",
      "email=a@b.test",
    ]);
  });

  it.each([
    [{ style: "form", explode: false }, "expand=a,b"],
    [{ style: "spaceDelimited" }, "expand=a%20b"],
    [{ style: "pipeDelimited", explode: false }, "expand=a%7Cb"],
    [{ contentType: "application/json" }, "expand=%5B%22a%22%2C%22b%22%5D"],
    [{}, "expand=a&expand=b"],
  ])("write a list with the encoding %j", (encoding, expected) => {
    const { send } = load(withBody(FORM, { schema, encoding: { expand: encoding } }));
    expect(send("act", { expand: ["a", "b"] }).body).toBe(expected);
  });

  it("of Swagger 2 join lists by commas unless the document says multi", () => {
    const list = (name: string, more: Json) => ({
      name,
      in: "formData",
      type: "array",
      items: { type: "string" },
      ...more,
    });
    const { send } = load({
      swagger: "2.0",
      host: "api.test",
      paths: {
        "/x": { post: { operationId: "act", parameters: [list("a", {}), list("b", { collectionFormat: "multi" })] } },
      },
    });
    expect(send("act", { a: ["1", "2"], b: ["3", "4"] }).body).toBe("a=1,2&b=3&b=4");
  });

  it("with parts name the type of each part", async () => {
    const { send } = load(
      withBody("multipart/form-data", {
        schema: {
          type: "object",
          properties: {
            meta: { type: "object" },
            tags: { type: "array", items: { type: "object" } },
            note: { type: "string" },
            csv: { type: "string" },
          },
        },
        encoding: { csv: { contentType: "text/csv, text/plain" } },
      }),
    );
    const { body } = send("act", { meta: { a: 1 }, tags: [{ t: 1 }, { t: 2 }], note: "n", csv: "a,b" });
    const parts = body!.split(/--patchbay-boundary-\d+(?:--)?\r\n/).filter(Boolean);
    expect(parts).toEqual([
      'Content-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n',
      'Content-Disposition: form-data; name="tags"\r\nContent-Type: application/json\r\n\r\n{"t":1}\r\n',
      'Content-Disposition: form-data; name="tags"\r\nContent-Type: application/json\r\n\r\n{"t":2}\r\n',
      'Content-Disposition: form-data; name="note"\r\n\r\nn\r\n',
      'Content-Disposition: form-data; name="csv"\r\nContent-Type: text/csv\r\n\r\na,b\r\n',
    ]);
  });

  it("with parts of 3.1 tell files from text by their media type", () => {
    const schema = {
      type: "object",
      properties: {
        meta: { type: "string", contentMediaType: "application/json" },
        picture: { contentMediaType: "image/png" },
        raw: {},
        rest: {},
      },
    };
    const encoding = { raw: { contentType: "application/octet-stream" }, rest: { contentType: "application/json" } };
    const { tool, send } = load({ ...withBody("multipart/form-data", { schema, encoding }), openapi: "3.1.0" });
    const files = Object.entries(properties(tool("act"))).filter(([, each]) => each.pattern === "^artifact://");
    expect(files.map(([name]) => name)).toEqual(["picture", "raw"]);
    const { body } = send("act", { meta: '{"a":1}', rest: [1, 2] });
    expect(body).toContain('name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n');
    expect(body).toContain('name="rest"\r\nContent-Type: application/json\r\n\r\n[1,2]\r\n');
  });

  it("a deepObject in a query nests as well", () => {
    const { send } = load(
      withParameters([{ name: "filter", in: "query", style: "deepObject", schema: { type: "object" } }]),
    );
    const { url } = send("act", { filter: { price: { gte: 1 }, tags: ["x", "y"] } });
    expect(pairs(new URL(url).search)).toEqual(["filter[price][gte]=1", "filter[tags][0]=x", "filter[tags][1]=y"]);
  });
});
