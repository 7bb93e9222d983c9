/** Faults in lists and calls cost the faulty part only. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { schemaFault } from "../../runtime/json-schema.ts";
import type { Script } from "./testing/scripted-server.ts";
import { eventually, openTestServices, scripted, type TestServices } from "./testing/test-services.ts";

vi.setConfig({ testTimeout: 120_000 });

let services: TestServices;
const never = new AbortController().signal;

beforeAll(async () => {
  services = await openTestServices({ startMs: 60_000 });
});
afterEach(async () => {
  for (const { name } of await services.mcp.cards()) await services.mcp.delete(name);
});
afterAll(() => services.close());

async function approved(script: Script | string, name = "a") {
  const [card] = await services.mcp.add({ name, ...scripted(script) });
  return services.mcp.approve(name, card!.seen);
}
const call = (tool: string, args: Record<string, unknown> = {}, name = "a") =>
  services.mcp.call(name, tool, args, { idempotencyKey: "k" }, never);
const tools = async (name = "a") =>
  new Map((await services.mcp.tools(name, never)).map((tool) => [tool.name.split("/").at(-1)!, tool]));
const object = (properties: object = {}) => ({ type: "object", properties });
const good = { name: "good", inputSchema: { type: "object" } };

describe("a server that fails while it is opened", () => {
  it.each<[string, Script, RegExp]>([
    [
      "an error in reply to the list",
      { list: { error: { code: -32603, message: "upstream is not reachable" } } },
      /could not be started: .*upstream is not reachable/,
    ],
    [
      "an exit",
      { list: "exit", stderr: "Set the variable NOTES_TOKEN.\n" },
      /ended with code 1\. It wrote: Set the variable NOTES_TOKEN/,
    ],
    ["a list that is an object", { list: { tools: { good } } }, /its list of tools is not a list/],
    ["a list that is missing", { list: {} }, /its list of tools is not a list/],
  ])("%s is shown with the server's own words, time after time", async (_what, script, message) => {
    for (let i = 0; i < 3; i++) {
      const card = await approved(script, `a${i}`);
      expect(card).toMatchObject({ status: "failed", message: expect.stringMatching(message) });
      await expect(call("good", {}, `a${i}`)).rejects.toMatchObject({ code: "mcp_start_failed" });
    }
  });

  it("silence until the limit is a failure of this server alone", async () => {
    await services.reopen({ startMs: 500 });
    expect((await approved({ list: "hang" })).message).toMatch(/did not answer within 500 ms/);
    await services.reopen({ startMs: 60_000 });
    expect((await approved({ list: { tools: [good] } }, "b")).status).toBe("ready");
  });

  it("one that answered well before and fails at its next start fails the call, and recovers by itself", async () => {
    const file = join(services.dir, "script.json");
    const write = (script: Script) => writeFileSync(file, JSON.stringify(script));
    write({ list: { tools: [good] } });
    expect((await approved(file)).status).toBe("ready");
    await services.reopen();
    write({ list: { error: { code: -32603, message: "upstream is not reachable" } } });
    await expect(call("good")).rejects.toThrow("upstream is not reachable");
    write({ list: { tools: [good] } });
    expect((await call("good", { x: 1 })).content).toBe('{"x":1}');
  });
});

describe("entries of a list", () => {
  it("each is read on its own: what is wrong costs the entry, with its reason", async () => {
    const card = await approved({
      list: {
        tools: [
          null,
          "text",
          { inputSchema: { type: "object" } },
          { name: 7, inputSchema: { type: "object" } },
          { name: "list", inputSchema: { type: "array" } },
          { name: "words", inputSchema: "none" },
          good,
        ],
        nextCursor: null,
      },
    });
    expect(card.status).toBe("ready");
    expect([...(await tools()).keys()]).toEqual(["good"]);
    expect(card.rejected).toEqual([
      { tool: "null", reason: "it is not an object" },
      { tool: "text", reason: "it is not an object" },
      { tool: "unnamed", reason: "it has no name" },
      { tool: "7", reason: "it has no name" },
      { tool: "list", reason: expect.stringContaining('of type "array"') },
      { tool: "words", reason: expect.stringContaining("not described by an object") },
    ]);
  });

  it("what only describes an entry never costs it", async () => {
    const described = { inputSchema: { type: "object" } };
    await approved({
      list: {
        tools: [
          { name: "bare", inputSchema: {} },
          { name: "none" },
          { name: "null-schema", inputSchema: null },
          {
            name: "choice",
            inputSchema: { anyOf: [object({ id: { type: "string" } }), object({ n: { type: "string" } })] },
          },
          { name: "nullable", inputSchema: { type: ["object", "null"] } },
          { name: "hints", ...described, annotations: { readOnlyHint: "yes", destructiveHint: 1, title: 5 } },
          { name: "annotations", ...described, annotations: null },
          { name: "output", ...described, outputSchema: "none" },
          { name: "output-list", ...described, outputSchema: { type: "array", items: 5 } },
          { name: "titles", ...described, title: 3, description: { en: "x" }, icons: "x", _meta: 1, execution: null },
        ],
      },
      calls: { output: { content: [{ type: "text", text: "fine" }] } },
    });
    const names = [...(await tools()).keys()];
    expect(names).toHaveLength(10);
    for (const name of names) expect((await call(name)).error, name).toBeUndefined();
    expect((await tools()).get("hints")!.hints).toBeUndefined();
  });

  it("patterns, references and words of other drafts are left out of the check, and the tool stays", async () => {
    const schema = {
      type: "object",
      properties: {
        node: { type: "string", pattern: "^[A-Z]?\\d+[:-]\\d+(?:;\\d+[:-]\\d+)*$" },
        mail: { type: "string", pattern: "^(?!\\.)[A-Za-z0-9._+-]+@(?:[A-Za-z0-9-]+\\.)+[A-Za-z]{2,}$" },
        huge: { type: "string", pattern: "(a?){1000}".repeat(20) },
        count: { type: "int", required: true },
        tree: { $dynamicRef: "#tree" },
        far: { $ref: "https://schemas.example/x.json" },
        gone: { $ref: "#/$defs/gone" },
        __proto__x: { type: "string" },
        constructor: { type: "string" },
        pair: { type: "array", items: [{ type: "string" }, { type: "number" }] },
        limit: { type: "number", minimum: 1, exclusiveMinimum: true },
      },
      patternProperties: { "^(?!x)": { type: "number" } },
      additionalProperties: false,
      required: ["node"],
    };
    const card = await approved({ list: { tools: [{ name: "odd", inputSchema: schema }] } });
    expect(card.rejected).toBeUndefined();
    const tool = (await tools()).get("odd")!;
    expect(tool.notes).toHaveLength(5);
    expect(JSON.stringify(tool.parameters)).not.toMatch(/\(\?!|https:|dynamicRef|"int"|\{1000\}/);
    expect(schemaFault(tool.parameters, { node: "A1:2;3:4", other: 1 })).toBeUndefined();
    expect(schemaFault(tool.parameters, { node: "A" })).toContain("must match pattern");
    expect(schemaFault(tool.parameters, {})).toBe('"node" is missing');
    expect(schemaFault(tool.parameters, { node: "1:2", count: 1.5 })).toContain("must be integer");
  });

  it("a schema of any depth or size keeps the names of its arguments", async () => {
    let deep: object = { type: "string" };
    for (let i = 0; i < 3_000; i++) deep = { type: "array", items: deep };
    const wide = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [`p${i}`, { description: "x".repeat(1500) }]),
    );
    const doubling = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [
        `d${i}`,
        { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] },
      ]),
    );
    const file = join(services.dir, "large.json");
    const list = [
      { name: "deep", inputSchema: { ...object({ a: deep, b: {} }), required: ["b"] } },
      { name: "wide", inputSchema: { ...object(wide), required: ["p1"] } },
      {
        name: "doubling",
        inputSchema: { ...object({ a: { $ref: "#/$defs/d0" } }), required: ["a"], $defs: { ...doubling, d30: {} } },
      },
    ];
    writeFileSync(file, JSON.stringify({ list: { tools: list } }));
    expect((await approved(file)).rejected).toBeUndefined();
    for (const [name, needed] of [
      ["deep", "b"],
      ["wide", "p1"],
      ["doubling", "a"],
    ] as const) {
      const tool = (await tools()).get(name)!;
      expect(tool.notes?.length, name).toBeGreaterThan(0);
      expect(schemaFault(tool.parameters, {}), name).toContain(`"${needed}" is missing`);
    }
  });

  it("over HTTP as well", async () => {
    const server = createServer(async (request, response) => {
      let text = "";
      for await (const part of request) text += part;
      if (request.method !== "POST") return void response.writeHead(405).end();
      const { id, method } = JSON.parse(text);
      if (id === undefined) return void response.writeHead(202).end();
      const results: Record<string, object> = {
        initialize: {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: "h", version: "1" },
        },
        "tools/list": { tools: [null, { name: "bare", inputSchema: {} }, good] },
        "tools/call": { content: [{ type: "image", data: "data:image/png;base64,iVBO\nRw0K", mimeType: 3 }, null] },
      };
      const result = results[method];
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(
          JSON.stringify({ jsonrpc: "2.0", id, ...(result ? { result } : { error: { code: -32601, message: "no" } }) }),
        );
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const [card] = await services.mcp.add({
      name: "h",
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    });
    expect(await services.mcp.approve("h", card!.seen)).toMatchObject({ status: "ready", tools: 2 });
    const result = await call("bare", {}, "h");
    expect(result).toMatchObject({ files: [{ mediaType: "image/png", bytes: 6 }] });
    expect(result.content).toContain("[part 2 cannot be read: it is not an object]");
    server.closeAllConnections();
    server.close();
  });
});

describe("long calls", () => {
  const list = { tools: [{ name: "crawl", inputSchema: { type: "object" } }] };

  it("each progress notification starts the limit again, and is passed on", async () => {
    await services.reopen({ callMs: 400, callTotalMs: 20_000 });
    await approved({ list, progress: { everyMs: 100, times: 10, params: { message: "a page" } } });
    const seen: object[] = [];
    const options = { idempotencyKey: "k", onProgress: (progress: object) => void seen.push(progress) };
    expect((await services.mcp.call("a", "crawl", { n: 1 }, options, never)).content).toBe('{"n":1}');
    // The last one comes together with the result, which ends the call.
    expect(seen.slice(0, 9)).toEqual(
      Array.from({ length: 9 }, (_, i) => ({ progress: i + 1, total: 10, message: "a page" })),
    );
  });

  it("a server that reports progress and then nothing is cut off by its silence", async () => {
    await services.reopen({ callMs: 300, callTotalMs: 20_000 });
    await approved({ list, progress: { everyMs: 20, times: 3 }, calls: { crawl: "hang" } });
    await expect(call("crawl")).rejects.toMatchObject({
      code: "tool_timeout",
      message: expect.stringContaining("300 ms without progress"),
    });
  });

  it("limits are settings of a server; they show on its card, and need no approval and no restart of others", async () => {
    await services.reopen({});
    const card = await approved({ list, calls: { crawl: "hang" } });
    expect(card.limits).toEqual({ startMs: 60_000, callMs: 60_000, callTotalMs: 600_000 });
    const limits = { startMs: 20_000, callMs: 1_000, callTotalMs: 5_000 };
    expect(await services.mcp.change("a", { limits })).toMatchObject({ limits, status: "stopped" });
    await expect(call("crawl")).rejects.toThrow("1 s without progress");
    await expect(services.mcp.change("a", { limits: { callMs: 5 } })).rejects.toMatchObject({ code: "bad_request" });
    expect((await services.mcp.change("a", { limits: null })).limits.callMs).toBe(60_000);
  });
});

it("a flood of messages is read slowly, nothing of it is lost, and other servers are not held up", async () => {
  await services.reopen({ callMs: 30_000 });
  const schema = { inputSchema: { type: "object" } };
  const tools = [
    { name: "flood", ...schema },
    { name: "endless", ...schema },
  ];
  await approved({ list: { tools }, calls: { flood: "flood", endless: "endless" } });
  await approved({ list: { tools: [good] } }, "b");
  expect((await call("flood", { after: "it" })).content).toBe('{"after":"it"}');
  await services.mcp.change("b", { limits: { callMs: 60_000 } });
  await services.reopen({ callMs: 1_000 });
  let flooded = true;
  const endless = call("endless").finally(() => {
    flooded = false;
  });
  endless.catch(() => undefined);
  let others = 0;
  for (; flooded; others++) expect((await call("good", { others }, "b")).content).toBe(`{"others":${others}}`);
  await expect(endless).rejects.toMatchObject({ code: "tool_timeout" });
  expect(others).toBeGreaterThan(0);
});

it("a notification of progress for a call that is unknown changes nothing", async () => {
  await services.reopen({});
  const params = { progressToken: 999_999 };
  await approved({ list: { tools: [good] }, progress: { everyMs: 1, times: 3, params } });
  expect((await call("good", { a: 1 })).content).toBe('{"a":1}');
  await eventually(async () => (await services.mcp.cards())[0]!.status === "ready");
});
