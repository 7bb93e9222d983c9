/** What documents of the world contain, and the tools that they become. */
import { describe, expect, it } from "vitest";
import { schemaMismatch } from "../schema-check.ts";
import { type OpenApiBinding, type StoredTool, secretsOf } from "../stored-tool.ts";
import { MAX_OPERATIONS } from "./import.ts";
import {
  document,
  HOST,
  type Json,
  load,
  operation,
  properties,
  withBody,
  withParameters,
} from "./testing/load-document.ts";

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
