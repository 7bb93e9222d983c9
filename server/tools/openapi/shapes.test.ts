/** What documents of the world contain, and what is then sent: a document in, its tools, the request of a call. */
import { describe, expect, it } from "vitest";
import { openApiRequest } from "../bindings/openapi.ts";
import { schemaMismatch } from "../schema-check.ts";
import type { OpenApiBinding, StoredTool } from "../stored-tool.ts";
import { secretsOf } from "../stored-tool.ts";
import { importOpenApi, MAX_OPERATIONS } from "./import.ts";

type Json = Record<string, unknown>;
const HOST = "https://api.test";

function load(openapi: unknown, more: { server?: string; name?: string } = {}) {
  const { api, tools, report } = importOpenApi({ openapi, ...more });
  const byName = new Map(tools.map((tool) => [tool.name.split("/")[2]!, tool]));
  const tool = (name: string): StoredTool => {
    const found = byName.get(name);
    if (!found) throw new Error(`${name} is not among ${[...byName.keys()].join(", ")}: ${JSON.stringify(report)}`);
    return found;
  };
  /** The request of a call, its arguments checked as the toolbox does. */
  const send = (name: string, args: Json) => {
    const { parameters, binding } = tool(name);
    expect(schemaMismatch(parameters, args)).toBeUndefined();
    const { url, body, headers } = openApiRequest(binding as OpenApiBinding, args);
    return { url, body: body === undefined ? undefined : String(Buffer.from(body)), headers };
  };
  return { api, report, names: [...byName.keys()], tool, send };
}

const operation = (more: Json): Json => ({ operationId: "act", responses: {}, ...more });
const document = (paths: Json, more: Json = {}): Json => ({
  openapi: "3.0.3",
  info: { title: "Test" },
  servers: [{ url: HOST }],
  paths,
  ...more,
});
const withBody = (mediaType: string, media: Json) =>
  document({ "/x": { post: operation({ requestBody: { required: true, content: { [mediaType]: media } } }) } });
const withParameters = (parameters: Json[], path = "/x", more: Json = {}) =>
  document({ [path]: { get: operation({ parameters }) } }, more);
const properties = (tool: StoredTool) => tool.parameters.properties as Record<string, Json>;
const pairs = (query: string) => [...new URLSearchParams(query)].map((pair) => pair.join("="));

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

  it("a deepObject in a query nests as well", () => {
    const { send } = load(
      withParameters([{ name: "filter", in: "query", style: "deepObject", schema: { type: "object" } }]),
    );
    const { url } = send("act", { filter: { price: { gte: 1 }, tags: ["x", "y"] } });
    expect(pairs(new URL(url).search)).toEqual(["filter[price][gte]=1", "filter[tags][0]=x", "filter[tags][1]=y"]);
  });
});

describe("names", () => {
  it("that differ by a sign say what they are sent as", () => {
    const names = ["DateSent", "DateSent<", "DateSent>", "$filter", "page[size]"];
    const { tool, send } = load(
      withParameters(names.map((name) => ({ name, in: "query", description: "A day.", schema: { type: "string" } }))),
    );
    const found = properties(tool("act"));
    expect(Object.entries(found).map(([name, schema]) => [name, schema.description])).toEqual([
      ["DateSent", "A day."],
      ["DateSent_lt", 'Sent as "DateSent<". A day.'],
      ["DateSent_gt", 'Sent as "DateSent>". A day.'],
      ["filter", 'Sent as "$filter". A day.'],
      ["page_size", 'Sent as "page[size]". A day.'],
    ]);
    expect(send("act", { DateSent_lt: "1", page_size: "2" }).url).toBe(`${HOST}/x?DateSent%3C=1&page%5Bsize%5D=2`);
  });

  it("that are equal in two places say which is which", () => {
    const { tool, send } = load(
      withParameters(
        [
          { name: "id", in: "path", required: true },
          { name: "id", in: "query" },
        ],
        "/x/{id}",
      ),
    );
    expect(properties(tool("act")).id_2!.description).toBe('Sent as "id" in the query.');
    expect(send("act", { id: "1", id_2: "2" }).url).toBe(`${HOST}/x/1?id=2`);
  });

  it("of the fields of a body are changed one by one", () => {
    const fields = { "card[number]": { type: "string" }, 金额: { type: "number", description: "以元为单位" } };
    const { tool, send } = load(
      withBody("application/json", { schema: { type: "object", required: ["金额"], properties: fields } }),
    );
    expect(properties(tool("act"))).toMatchObject({
      card_number: { description: 'Sent as "card[number]".' },
      value: { description: 'Sent as "金额". 以元为单位' },
    });
    expect(tool("act").parameters.required).toEqual(["value"]);
    expect(JSON.parse(send("act", { card_number: "4", value: 2 }).body!)).toEqual({ "card[number]": "4", 金额: 2 });
  });

  it("of any script give different tools, also on a second import and beside another API", () => {
    const chinese = (title: string, paths: Json) =>
      load({ openapi: "3.0.0", info: { title }, servers: [{ url: "https://api.weather.test" }], paths });
    const paths = {
      "/weather": {
        get: { operationId: "查询天气", parameters: [{ name: "城市", in: "query", schema: { type: "string" } }] },
      },
      "/空气": { get: { operationId: "查询空气" }, post: { operationId: "登记空气", summary: "登记" } },
      "/öffnen": { get: { operationId: "türÖffnen" } },
    };
    const first = chinese("天气服务", paths);
    expect(first.api).toBe("api-weather-test");
    expect(first.names.slice(0, 1)).toEqual(["get_weather"]);
    expect(first.names.slice(1, 3)).toEqual([
      expect.stringMatching(/^get_[0-9a-f]{6}$/),
      expect.stringMatching(/^post_[0-9a-f]{6}$/),
    ]);
    expect(first.names[3]).toBe("turOffnen");
    expect(chinese("天气服务", paths).names).toEqual(first.names);
    expect(first.tool("get_weather").summary).toBe("查询天气");
    expect(properties(first.tool("get_weather")).value!.description).toBe('Sent as "城市".');
    expect(first.send("get_weather", { value: "北京" }).url).toBe(
      `https://api.weather.test/weather?${encodeURIComponent("城市")}=${encodeURIComponent("北京")}`,
    );
    const named = (name: string) => load({ ...document({}), servers: [] }, { name, server: HOST }).api;
    expect(named("天气")).toMatch(/^api-[0-9a-f]{6}$/);
    expect(named("天气")).not.toBe(named("地图"));
    expect(named("Карта 2")).not.toBe(named("Ветер 2"));
  });
});

describe("bodies", () => {
  const open = (additionalProperties: unknown, more: Json = {}) =>
    withBody("application/json", {
      schema: {
        type: "object",
        required: ["table"],
        properties: { table: { type: "string" } },
        additionalProperties,
        ...more,
      },
    });

  it("with further properties take them", () => {
    const row = { table: "people", name: "Ann", age: 5 };
    expect(JSON.parse(load(open(true)).send("act", row).body!)).toEqual(row);
    expect(JSON.parse(load(open({})).send("act", row).body!)).toEqual(row);
    const inPart = { allOf: [{ type: "object", properties: { a: {} }, additionalProperties: true }] };
    expect(JSON.parse(load(open(undefined, inPart)).send("act", row).body!)).toEqual(row);
  });

  it("hold further properties to their schema, and refuse them where the document does", () => {
    const mismatch = (additional: unknown, args: Json) =>
      schemaMismatch(load(open(additional)).tool("act").parameters, args);
    expect(mismatch({ type: "integer" }, { table: "t", n: 1 })).toBeUndefined();
    expect(mismatch({ type: "integer" }, { table: "t", n: "x" })).toContain("n");
    expect(mismatch(false, { table: "t", n: 1 })).toContain("not an argument");
    expect(mismatch(undefined, { table: "t", n: 1 })).toContain("not an argument");
  });

  it("do not send parameters as properties", () => {
    const opened = open(true) as { paths: { "/x": { post: Json } } };
    opened.paths["/x"].post.parameters = [{ name: "dry", in: "query", schema: { type: "boolean" } }];
    const { url, body } = load(opened).send("act", { table: "t", dry: true, more: 1 });
    expect([url, JSON.parse(body!)]).toEqual([`${HOST}/x?dry=true`, { table: "t", more: 1 }]);
  });
});

describe("schemas", () => {
  const fits = (schema: unknown, value: unknown, components: Json = {}) =>
    schemaMismatch(
      load(
        document(
          {
            "/x": {
              post: operation({
                requestBody: {
                  content: { "application/json": { schema: { type: "object", properties: { v: schema } } } },
                },
              }),
            },
          },
          { components: { schemas: components } },
        ),
      ).tool("act").parameters,
      { v: value },
    ) === undefined;
  const components = {
    Pet: { type: "object", required: ["name"], properties: { name: { type: "string" } }, additionalProperties: false },
    Cat: {
      allOf: [{ $ref: "#/components/schemas/Pet" }, { type: "object", properties: { lives: { type: "integer" } } }],
    },
    Size: { type: "string", enum: ["s", "m"] },
  };

  it.each([
    ["allOf with one part", { nullable: true, allOf: [{ $ref: "#/components/schemas/Pet" }] }],
    ["a reference with siblings", { $ref: "#/components/schemas/Pet", nullable: true, description: "x" }],
    [
      "allOf with two parts",
      { nullable: true, allOf: [{ $ref: "#/components/schemas/Cat" }, { type: "object", properties: { a: {} } }] },
    ],
    ["anyOf", { nullable: true, anyOf: [{ $ref: "#/components/schemas/Pet" }, { type: "integer" }] }],
    ["oneOf with a type", { type: "object", nullable: true, oneOf: [{ $ref: "#/components/schemas/Pet" }] }],
    ["x-nullable", { "x-nullable": true, type: "object", properties: { name: { type: "string" } } }],
  ])("nullable with %s takes null and still checks", (_, schema) => {
    expect(fits(schema, null, components)).toBe(true);
    expect(fits(schema, { name: "Tom" }, components)).toBe(true);
    expect(fits(schema, { name: 5 }, components)).toBe(false);
  });

  it("nullable with an enum behind a reference takes null and its values", () => {
    const schema = { nullable: true, allOf: [{ $ref: "#/components/schemas/Size" }] };
    expect([null, "s", "x"].map((value) => fits(schema, value, components))).toEqual([true, true, false]);
  });

  it("allOf with a part that only requires still gives one argument a property", () => {
    const { tool } = load(
      withBody("application/json", {
        schema: {
          allOf: [{ $ref: "#/components/schemas/Pet" }, { required: ["age"] }],
          properties: { age: { type: "integer" } },
        },
      }),
    );
    expect(Object.keys(properties(tool("act")))).toEqual(["body"]); // the reference leads nowhere
    const known = load({
      ...withBody("application/json", {
        schema: {
          allOf: [{ $ref: "#/components/schemas/Pet" }, { required: ["age"] }],
          properties: { age: { type: "integer" } },
        },
      }),
      components: { schemas: components },
    }).tool("act");
    expect([Object.keys(properties(known)), known.parameters.required]).toEqual([
      ["name", "age"],
      ["name", "age"],
    ]);
  });

  it("allOf with closed parts takes the properties of all", () => {
    const schema = { $ref: "#/components/schemas/Cat" };
    expect(fits(schema, { name: "Tom", lives: 9 }, components)).toBe(true);
    expect(fits(schema, { lives: 9 }, components)).toBe(false);
    expect(fits(schema, { name: "Tom", wings: 2 }, components)).toBe(false);
  });
});

describe("YAML", () => {
  const shop = (head: string) => `${head}
info: { title: 2024, version: 1.0 }
host: api.test
servers: [{ url: "https://api.test" }]
x-id: &id { in: path, required: true, type: integer, schema: { type: integer } }
x-page: &page { parameters: [{ name: page, in: query, type: integer, schema: { type: integer } }] }
x-shared: &shared
  <<: *page
  summary: 5
paths:
  /items/{id}:
    <<: [*shared]
    get:
      operationId: 123
      parameters:
        - <<: *id
          name: id
        - { name: day, in: query, schema: { type: string, enum: [2024-01-01, 1.0, true] }, type: string }
      responses: {}
`;
  it.each([
    "openapi: 3.0",
    "openapi: 3.1",
    "openapi: 3",
    "swagger: 2.0",
    "swagger: 2",
    "%YAML 1.1\n---\nopenapi: 3.0.3",
  ])("%j: merge keys, numbers without quotes and dates are read", (head) => {
    const { send, report } = load(shop(head));
    expect(report).toEqual([{ operation: "GET /items/{id}", result: "imported" }]);
    expect(send("123", { id: 5, page: 2 }).url).toBe(`${HOST}/items/5?page=2`);
  });
  it("a text's allowed values are those that are written", () => {
    expect(properties(load(shop("openapi: 3.0")).tool("123")).day!.enum).toEqual(["2024-01-01", "1.0", "true"]);
    const json = document({
      "/x": {
        get: operation({ parameters: [{ name: "v", in: "query", schema: { type: "string", enum: [1, true] } }] }),
      },
    });
    expect(load(json).send("act", { v: "1" }).url).toBe(`${HOST}/x?v=1`);
  });
  it("a bomb of merge keys is refused before it grows", () => {
    const lines = [
      "openapi: 3.0.3",
      "paths: {}",
      `x0: &x0 { ${Array.from({ length: 9 }, (_, i) => `k${i}: 1`).join(", ")} }`,
    ];
    for (let n = 1; n < 30; n++) lines.push(`x${n}: &x${n} { a: { <<: *x${n - 1} }, b: { <<: *x${n - 1} } }`);
    expect(() => load(lines.join("\n"))).toThrow(/parts/);
  });
});

describe("credentials", () => {
  const auth = (tool: StoredTool) => (tool.binding as OpenApiBinding).auth;

  it.each(["api_key", "appid", "key", "token", "X-API-Key", "subscription-key", "access_token"])(
    "the parameter %s is a secret, not an argument",
    (name) => {
      const where = name.startsWith("X-") ? "header" : "query";
      const { tool, report } = load(
        withParameters([
          { name, in: where, required: true, schema: { type: "string" } },
          { name: "q", in: "query", schema: {} },
        ]),
      );
      expect(Object.keys(properties(tool("act")))).toEqual(["q"]);
      expect(secretsOf(tool("act").binding)).toEqual([`test.${name}`]);
      expect(report).toMatchObject([{ result: "simplified", reason: expect.stringContaining(`secret test.${name}`) }]);
    },
  );

  it("an Authorization header that is a plain parameter is a secret; one that may be left out does not stop a call", () => {
    const { tool } = load(withParameters([{ name: "Authorization", in: "header", schema: { type: "string" } }]));
    expect(auth(tool("act"))).toEqual([
      { kind: "header", header: "authorization", value: { secret: "test.Authorization" }, missing: "warn" },
    ]);
  });

  it.each([
    [{ name: "key", description: "The key of the entry to read" }],
    [{ name: "token", description: "Token of the next page" }],
    [{ name: "appid", schema: { type: "integer" } }],
    [{ name: "key", schema: { type: "string", enum: ["name", "size"] } }],
  ])("%j stays an argument", (parameter) => {
    const { tool } = load(withParameters([{ in: "query", schema: { type: "string" }, ...parameter }]));
    expect(Object.keys(properties(tool("act")))).toEqual([parameter.name]);
  });

  it("a key that few operations have is data", () => {
    const plain = (id: string, parameters: Json[] = []) => ({ get: { operationId: id, parameters } });
    const { tool } = load(
      document({ "/a": plain("a", [{ name: "key", in: "query" }]), "/b": plain("b"), "/c": plain("c") }),
    );
    expect(Object.keys(properties(tool("a")))).toEqual(["key"]);
  });

  it("security beside {} is used when its secret is set, and not asked for", () => {
    const { tool, report } = load(
      document(
        {
          "/x": { get: operation({ security: [{}, { k: [] }] }) },
          "/y": { get: { operationId: "must", security: [{ k: [] }] } },
        },
        { components: { securitySchemes: { k: { type: "apiKey", in: "header", name: "X-Key" } } } },
      ),
    );
    expect(auth(tool("act"))).toMatchObject([{ header: "x-key", missing: "skip" }]);
    expect([secretsOf(tool("act").binding), secretsOf(tool("must").binding)]).toEqual([[], ["test.k"]]);
    expect(report.map(({ result }) => result)).toEqual(["imported", "imported"]);
  });
});

describe("the report", () => {
  const reasons = (openapi: unknown) =>
    load(openapi, { server: HOST }).report.map((each) => `${each.operation}: ${each.reason}`);

  it("names paths and operations that stand in a wrong place", () => {
    const said = reasons({
      openapi: "3.0.0",
      info: { paths: { "/lost": { get: {} } } },
      components: { paths: { "/lost2": { get: {} } } },
      paths: {
        "/a": {
          get: { operationId: "a", "/c": { get: {} }, post: { operationId: "inner" } },
          "/b": { get: {} },
          fetch: {},
        },
        "/empty": { get: null },
        paths: { "/deep": { get: {} } },
      },
    });
    for (const part of [
      /^info\.paths: .*top level/,
      /^components\.paths:/,
      /^paths\.paths:/,
      /^\/b: .*inside the path "\/a"/,
      /^\/c inside GET \/a/,
      /^post inside GET \/a/,
      /^fetch \/a: "fetch" is not a method/,
      /^GET \/empty: it is empty/,
    ])
      expect(said.filter((line) => part.test(line))).toHaveLength(1);
  });

  it("a document whose paths stand elsewhere says where they are", () => {
    expect(() => load({ openapi: "3.0.0", info: { paths: { "/a": { get: {} } } } })).toThrow(
      'paths inside "info.paths"',
    );
  });

  it("says first how many operations were more than are imported, and names each", () => {
    const paths = Object.fromEntries(Array.from({ length: MAX_OPERATIONS + 2 }, (_, n) => [`/p${n}`, { get: {} }]));
    const { report, names } = load(document(paths));
    expect(names).toHaveLength(MAX_OPERATIONS);
    expect(report[0]).toMatchObject({
      result: "left-out",
      reason: expect.stringContaining(`${MAX_OPERATIONS + 2} operations: 2 were left out`),
    });
    expect(report.slice(-2).map(({ operation, result }) => [operation, result])).toEqual([
      [`GET /p${MAX_OPERATIONS}`, "left-out"],
      [`GET /p${MAX_OPERATIONS + 1}`, "left-out"],
    ]);
  });
});
