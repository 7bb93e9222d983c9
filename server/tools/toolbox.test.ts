import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelEvent } from "../../runtime/model.ts";
import type { ToolOffer } from "../../runtime/tool.ts";
import { openTestServices, rough, type TestServices } from "../mcp/testing/test-services.ts";
import { createNet } from "../net/safe-fetch.ts";
import { MAX_RESULT } from "./result.ts";
import type { Toolbox } from "./service.ts";
import { createToolbox, type ToolboxDeps } from "./toolbox.ts";

let world: TestServices;
let toolbox: Toolbox;
let deps: ToolboxDeps;
let server: Server;
let base = "";
const seen: { method?: string; url?: string; headers: IncomingMessage["headers"]; body: string }[] = [];
const never = new AbortController().signal;
const call = (tool: string, args: unknown, signal = never) =>
  toolbox.call({ id: "1", tool, arguments: args }, { idempotencyKey: "key-1" }, signal);

/** A model that answers with what a test says. */
let modelSays = "";
async function* chat(): AsyncIterable<ModelEvent> {
  yield { type: "text-delta", text: modelSays };
  yield { type: "end", reason: "stop" };
}

beforeAll(async () => {
  world = await openTestServices();
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    const path = request.url!.split("?")[0];
    if (path === "/image") response.writeHead(200, { "content-type": "image/png" }).end(Buffer.from("PNG"));
    else if (path === "/image.json")
      response.end(JSON.stringify({ data: [{ b64: Buffer.from("PNG").toString("base64") }] }));
    else if (path === "/link.json") response.end(JSON.stringify({ url: `${base}/image` }));
    else if (path === "/fail") response.writeHead(422, { "content-type": "application/json" }).end('{"why":"no"}');
    else if (path === "/drop") request.socket.destroy();
    else if (path === "/big") response.end("长".repeat(Number(request.url!.split("n=")[1])));
    else if (path === "/echo-secret") response.end(`you sent ${request.headers.authorization}`);
    else
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ ok: true, path: request.url }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  deps = {
    records: world.records,
    secrets: world.secrets,
    files: world.files,
    net: createNet({ allowHosts: [base] }),
    mcp: world.mcp,
    now: () => Date.now(),
    models: {
      resolve: async (name) => ({
        name,
        profile: { nativeTools: true, format: "native", contextTokens: 1, outputTokens: 1 },
      }),
      chat,
      embed: async () => [],
      embedder: async () => undefined,
    },
    evaluate: async (_, input) => ({ got: input }),
  };
  toolbox = createToolbox(deps);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await world.close();
});

const weather = {
  name: "http/weather",
  summary: "Returns the weather of a city. 查询天气。",
  parameters: {
    type: "object",
    properties: {
      city: { type: "string" },
      days: { type: "integer" },
      tags: { type: "array", items: { type: "string" } },
    },
    required: ["city"],
    additionalProperties: false,
  },
  effect: "read",
};

describe("http tools", () => {
  it("fill path and query with encoded values, leave out what was not given, repeat lists", async () => {
    await toolbox.save({
      ...weather,
      http: { method: "GET", url: `${base}/w/{{city}}?days={{days}}&tag={{tags}}&units=metric`, headers: {} },
    });
    const result = await call("http/weather", { city: "São/Paulo?x#y&z=../..", tags: ["a b", "c&d"] });
    expect(result.value).toMatchObject({ ok: true });
    expect(seen.at(-1)!.url).toBe("/w/S%C3%A3o%2FPaulo%3Fx%23y%26z%3D..%2F..?tag=a%20b&tag=c%26d&units=metric");
  });

  it.each(["", ".", ".."])("a path value that climbs (%j) is refused and nothing is sent", async (city) => {
    const before = seen.length;
    expect(await call("http/weather", { city })).toMatchObject({
      error: true,
      content: expect.stringContaining("part of the address"),
    });
    expect(seen.length).toBe(before);
  });

  it("a value never becomes a slot, a key or a structure of the body", async () => {
    await toolbox.save({
      ...weather,
      name: "http/post",
      effect: "outside",
      http: {
        method: "POST",
        url: `${base}/post`,
        headers: {},
        body: '{"q":"{{city}}","n":"{{days}}","deep":[{"t":"{{tags}}","s":"in {{city}}!"}],"fixed":1}',
      },
    });
    await call("http/post", { city: '","admin":true,"x":"{{days}}', days: 3 });
    expect(JSON.parse(seen.at(-1)!.body)).toEqual({
      q: '","admin":true,"x":"{{days}}',
      n: 3,
      deep: [{ s: 'in ","admin":true,"x":"{{days}}!' }],
      fixed: 1,
    });
    expect(seen.at(-1)!.headers).toMatchObject({ "content-type": "application/json", "idempotency-key": "key-1" });
  });

  it("a form body is encoded", async () => {
    await toolbox.save({
      ...weather,
      name: "http/form",
      http: {
        method: "POST",
        url: `${base}/f`,
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body: "city={{city}}&days={{days}}",
      },
    });
    await call("http/form", { city: "a&b=c" });
    expect(seen.at(-1)!.body).toBe("city=a%26b%3Dc");
  });

  it.each([
    ["http://{{city}}/", "not its host"],
    ["http://x{{city}}.example/", "not its host"],
    ["{{city}}", "must begin with"],
    ["http://example.com/{{town}}", "not an argument of the tool"],
    ["http://u:p@example.com/", "not its host"],
    ["http://example.com/#{{city}}", "no fragment"],
    ["ftp://example.com/", "must begin with"],
  ])("refuses the URL %s", async (url, why) => {
    await expect(
      toolbox.save({ ...weather, name: "http/bad", http: { method: "GET", url, headers: {} } }),
    ).rejects.toThrow(why);
  });

  it("refuses slots in headers, bodies that are not JSON, and bodies of a GET", async () => {
    const http = { method: "POST", url: `${base}/`, headers: {} };
    const save = (more: object) => toolbox.save({ ...weather, name: "http/bad", http: { ...http, ...more } });
    await expect(save({ headers: { "X-A": "{{city}}" } })).rejects.toThrow("path, query and body only");
    await expect(save({ body: "{ city: {{city}} }" })).rejects.toThrow("Write slots inside strings");
    await expect(save({ method: "GET", body: "x" })).rejects.toThrow("has no body");
    await expect(toolbox.save({ ...weather, name: "http/bad" })).rejects.toThrow('has "http"');
    await expect(toolbox.save({ ...weather, name: "builtin/x", http })).rejects.toMatchObject({
      code: "bad_request",
      path: "/name",
    });
  });

  it("sends secrets in headers, names the missing one, and never shows a value that comes back", async () => {
    const http = {
      method: "GET",
      url: `${base}/echo-secret`,
      headers: { Authorization: { secret: "WEATHER_KEY", prefix: "Bearer " } },
    };
    const card = await toolbox.save({ ...weather, name: "http/secret", http });
    expect(card.needs).toEqual(["secret WEATHER_KEY"]);
    expect(await call("http/secret", { city: "x" })).toMatchObject({
      error: true,
      content: expect.stringContaining("WEATHER_KEY"),
    });
    await world.secrets.set("WEATHER_KEY", "sk-very-secret-1");
    expect((await call("http/secret", { city: "x" })).content).toBe("you sent Bearer [secret WEATHER_KEY]");
    expect((await toolbox.cards()).find((each) => each.name === "http/secret")!.needs).toBeUndefined();
    expect(JSON.stringify([await toolbox.cards(), await toolbox.custom("http/secret")])).not.toContain("sk-very");
  });

  it("an answer of 400 and more is a failed call that the model can read", async () => {
    await toolbox.save({ ...weather, name: "http/fail", http: { method: "GET", url: `${base}/fail`, headers: {} } });
    expect(await call("http/fail", { city: "x" })).toEqual({ content: 'HTTP 422: {"why":"no"}', error: true });
  });

  it("a lost answer is uncertain only where the call may have done something", async () => {
    const http = { method: "POST", url: `${base}/drop`, headers: {} };
    await toolbox.save({ ...weather, name: "http/drop", effect: "outside", http });
    await expect(call("http/drop", { city: "x" })).rejects.toMatchObject({ code: "connection_lost" });
    await toolbox.configure("http/drop", { effect: "read" });
    expect(await call("http/drop", { city: "x" })).toMatchObject({ error: true });
  });

  it("pictures become artifacts: as the answer, as base64 in JSON, and behind a link", async () => {
    for (const [path, output] of [
      ["/image", undefined],
      ["/image.json", { pick: "data.0.b64", file: "base64", mediaType: "image/png" }],
      ["/link.json", { pick: "url", file: "url" }],
    ] as const) {
      await toolbox.save({
        ...weather,
        name: "http/image",
        http: { method: "GET", url: `${base}${path}`, headers: {}, output },
      });
      const result = await call("http/image", { city: "x" });
      expect(result.files, path).toMatchObject([{ mediaType: "image/png", name: "image.png", bytes: 3 }]);
      expect(Buffer.from((await world.files.get(result.files![0]!.id)).bytes).toString()).toBe("PNG");
    }
  });

  it("a result of 256 KiB is whole, one byte more is an artifact with its head", async () => {
    await toolbox.save({
      ...weather,
      name: "http/big",
      http: { method: "GET", url: `${base}/big?n={{days}}`, headers: {} },
    });
    const n = Math.floor(MAX_RESULT / 3);
    expect((await call("http/big", { city: "x", days: n })).files).toBeUndefined();
    const over = await call("http/big", { city: "x", days: n + 1 });
    expect(over.files).toMatchObject([{ mediaType: "text/plain", bytes: (n + 1) * 3 }]);
    expect(Buffer.byteLength(over.content)).toBeLessThan(MAX_RESULT / 2);
    expect(over.content).toContain(`artifact://${over.files![0]!.id}`);
    expect(over.content).not.toContain("\ufffd");
  });

  it("a private address is refused where the operator allowed nothing", async () => {
    await toolbox.save({
      ...weather,
      name: "http/private",
      http: { method: "GET", url: "http://169.254.169.254/latest", headers: {} },
    });
    expect(await call("http/private", { city: "x" })).toMatchObject({
      error: true,
      content: expect.stringContaining("PATCHBAY_ALLOW_HOSTS"),
    });
  });
});

describe("the library", () => {
  it("checks arguments against the schema, and says what does not fit", async () => {
    const before = seen.length;
    for (const [args, why] of [
      [{}, '"city" is missing'],
      [{ city: 5 }, '"city" must be string'],
      [{ city: "x", admin: true }, '"admin" is not an argument'],
      ["x", "must be an object"],
    ] as const)
      expect((await call("http/weather", args)).content).toContain(why);
    expect(seen.length).toBe(before);
  });

  it("gives specs by name and by pattern, in order, each once; an unknown one is refused", async () => {
    const names = (await toolbox.specs(["http/weather", "builtin/clock", "http/*", "http/weather"])).map(
      (spec) => spec.name,
    );
    expect(names.slice(0, 2)).toEqual(["http/weather", "builtin/clock"]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of ["http/nothing", "nothing/*", "builtin/__proto__", "mcp/none/x", "mcp/*"])
      await expect(toolbox.specs([name]), name).rejects.toMatchObject({ code: "tool_not_allowed" });
    expect(await call("http/nothing", {})).toMatchObject({ error: true });
  });

  it("creating a second of one name is a conflict; saving changes it; deleting takes it away, also for another process", async () => {
    const tool = { ...weather, name: "http/once", http: { method: "GET", url: `${base}/once`, headers: {} } };
    await toolbox.save(tool, { create: true });
    await expect(toolbox.save(tool, { create: true })).rejects.toMatchObject({ code: "conflict" });
    await toolbox.save({ ...tool, summary: "Changed." });
    expect(await toolbox.custom("http/once")).toMatchObject({ summary: "Changed.", http: { url: `${base}/once` } });
    const other = createToolbox(deps);
    expect((await other.specs(["http/once"]))[0]!.summary).toBe("Changed.");
    expect(await toolbox.delete("http/once")).toBe(true);
    expect(await toolbox.delete("http/once")).toBe(false);
    await expect(toolbox.specs(["http/once"])).rejects.toThrow("no such tool");
  });

  it("offers MCP tools once their server is approved", async () => {
    const [card] = await world.mcp.add({ name: "files", ...rough("ok") });
    await expect(toolbox.specs(["mcp/files/*"])).rejects.toThrow("waits for the admin's approval");
    await world.mcp.approve("files", card!.seen);
    expect((await toolbox.specs(["mcp/files/*"])).length).toBe(12);
    expect(await call("mcp/files/echo", { text: "hi" })).toEqual({ content: "hi" });
    expect(await call("mcp/files/strange", {})).toMatchObject({
      content: expect.stringMatching(/^a\\u\{0\}bred\\u\{202e\}gnp\n/),
    });
    expect((await toolbox.configure("mcp/files/echo", { effect: "read" })).effect).toBe("read");
    await expect(call("mcp/files/crash", {})).rejects.toMatchObject({ code: "connection_lost" });
    expect((await call("mcp/files/big", { text: "text" })).files).toHaveLength(1);
    await world.mcp.delete("files");
  });

  it("calls code and models through their own doors", async () => {
    await toolbox.save({ ...weather, name: "code/x", code: { source: "input" } });
    expect(await call("code/x", { city: "y" })).toMatchObject({ value: { got: { city: "y" } } });
    await toolbox.save({
      ...weather,
      name: "model/extract",
      model: { instructions: "Extract.", input: "{{city}}", schema: { type: "object" } },
    });
    modelSays = 'Here: ```json\n{"a": 1}\n```';
    expect(await call("model/extract", { city: "z" })).toEqual({ content: '{"a":1}', value: { a: 1 } });
    modelSays = "no";
    expect(await call("model/extract", { city: "z" })).toMatchObject({ error: true });
  });

  it("an abort is an abort", async () => {
    await expect(call("builtin/clock", {}, AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
  });
});

describe("search", () => {
  const offer = (name: string, summary: string): ToolOffer => ({
    name,
    summary,
    parameters: { type: "object" },
    effect: "read",
    approve: "auto",
  });
  const offered = [
    offer("http/weather", "Returns the weather of a city. 查询天气"),
    offer("http/translate", "Translates text into English. 翻译"),
    offer("http/map", "Finds a place on the map. 地图"),
  ];

  it("finds by words in both languages and returns the ranks", async () => {
    expect((await toolbox.search("明天天气怎么样", offered, 1, never))[0]).toMatchObject({
      tool: offered[0],
      ranks: { words: 1 },
    });
    expect((await toolbox.search("translate this", offered, 2, never))[0]!.tool).toBe(offered[1]);
    expect(await toolbox.search("xyzzy", offered, 2, never)).toEqual([]);
  });

  it("gives back the offer of this call, not one it saw before", async () => {
    const asked = offered.map((tool) => ({ ...tool, approve: "ask" as const }));
    expect((await toolbox.search("weather", asked, 1, never))[0]!.tool.approve).toBe("ask");
  });

  it("fuses meaning with words where an embedder is set, keeps vectors, and falls back when it fails", async () => {
    let calls = 0;
    let down = false;
    const embed = async (texts: string[]) => {
      calls++;
      if (down) throw new Error("down");
      return texts.map((text) => [/umbrella|weather/i.test(text) ? 1 : 0, /map/i.test(text) ? 1 : 0, 0.1]);
    };
    let ahead = 0;
    const withEmbedder = () =>
      createToolbox({
        ...deps,
        now: () => Date.now() + ahead,
        models: { ...deps.models, embedder: async () => "x/e", embed },
      });
    const box = withEmbedder();
    const hits = await box.search("do I need an umbrella", offered, 1, never);
    expect(hits[0]).toMatchObject({ tool: offered[0], ranks: { meaning: 1 } });
    expect(calls).toBe(2);
    await withEmbedder().search("umbrella", offered, 1, never);
    expect(calls).toBe(3); // the question alone: the tools' vectors were stored
    down = true;
    expect((await box.search("weather", offered, 1, never))[0]).toMatchObject({ ranks: { words: 1 } });
    await box.search("weather", offered, 1, never);
    expect(calls).toBe(4); // left alone for a while
    down = false;
    ahead = 31_000;
    expect((await box.search("umbrella", offered, 1, never))[0]!.ranks).toHaveProperty("meaning");
  });

  it("tool_search looks through the whole library", async () => {
    expect((await call("builtin/tool_search", { query: "arithmetic expression" })).content).toContain(
      "builtin/calculator",
    );
  });
});
