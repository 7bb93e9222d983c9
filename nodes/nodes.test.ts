/** The contract of every node type; and what each does, played. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { checkGraph } from "../runtime/check.ts";
import { definitionFaults } from "../runtime/node-contract.ts";
import { graphOf, play } from "../runtime/testing/play.ts";
import { definitions, nodes } from "./index.ts";

describe.each(definitions.map((definition) => [definition.type, definition] as const))("%s", (_, definition) => {
  it("keeps the contract of a definition", () => {
    expect(definitionFaults(definition)).toEqual([]);
  });

  it("parses what it parsed", () => {
    const fresh = definition.config.parse({});
    expect(definition.config.parse(JSON.parse(JSON.stringify(fresh)))).toEqual(fresh);
  });

  it("gives issues a path in its config and a fix", () => {
    for (const issue of definition.check?.(definition.config.parse({})) ?? []) {
      expect(issue.path).toMatch(/^\//);
      expect(issue.fix).toBeTruthy();
    }
  });
});

describe("adding a node type", () => {
  // The third place is its test, here. `house.test.ts` holds that no other file decides by the name of a type.
  it("takes its own file and one line of the list", () => {
    const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".ts") && !name.includes(".test."));
    const types = files.filter((name) => name !== "index.ts" && name !== "kit.ts").map((name) => path.parse(name).name);
    expect(definitions.map(({ type }) => type).sort()).toEqual(types.sort());
    const list = readFileSync(path.join(import.meta.dirname, "index.ts"), "utf8");
    for (const type of types) expect(list.match(new RegExp(`\\b${type}\\b`, "g"))!.length, type).toBeGreaterThan(1);
  });
});

describe("a router that a model decides", () => {
  const graph = graphOf(
    {
      ask: "input",
      route: [
        "router",
        {
          by: "model",
          cases: [
            { name: "refund", when: "wants money back" },
            { name: "tech", when: "something does not work" },
          ],
        },
      ],
      a: ["prompt", { template: "refund" }],
      reply: "output",
    },
    ["ask.message route.value", "route.refund reply.reply", "route.tech reply.reply", "route.else reply.reply"],
  );
  it.each([
    ['{"case":"tech"}', "tech"],
    ['Sure: ```json\n{"case": "refund"}\n```', "refund"],
    ["This one is tech.", "tech"],
    ["refund or tech?", "else"],
    ['{"case":"nonsense"}', "else"],
  ])("reads %s as %s", async (answer, port) => {
    const played = await play(graph, nodes, { answers: [answer] });
    expect(Object.keys(played.of("node-end").find((event) => event.node === "route")!.outputs)).toEqual([port]);
    expect(played.outcome.status).toBe("done");
  });

  it("does not ask again when it is resumed behind the answer", async () => {
    const whole = await play(graph, nodes, { answers: ['{"case":"tech"}'] });
    const past = whole.events.slice(0, whole.events.findIndex((event) => event.type === "message") + 1);
    const resumed = await play(graph, nodes, {}, { past });
    expect(resumed.outcome).toEqual(whole.outcome);
    expect(resumed.host.requests).toEqual([]);
  });
});

describe("http", () => {
  const call = (config: object, values: Record<string, unknown>) => {
    const graph = graphOf(
      {
        ask: ["input", { fields: Object.keys(values).map((name) => ({ name, kind: "any" })) }],
        call: ["http", config],
        reply: "output",
      },
      [...Object.keys(values).map((name) => `ask.${name} call.${name}`), "call.body reply.reply"],
    );
    return play(
      graph,
      nodes,
      {
        fetch: (request) => ({
          status: 200,
          headers: { "content-type": "application/json" },
          body: JSON.stringify(request),
        }),
      },
      { input: values },
    );
  };
  it("fills path, query, headers and body; a value cannot leave its position", async () => {
    const { outcome } = await call(
      {
        method: "POST",
        url: "https://api.test/v1/{{id}}?q={{q}}",
        headers: { "x-a": "{{q}}", authorization: { secret: "KEY", prefix: "Bearer " } },
        body: '{"q": {{ json }}, "t": "{{ text }}" }',
      },
      { id: "../admin", q: "a&b=c", json: { k: 1 }, text: 'x", "admin": "yes' },
    );
    expect(outcome.output!.reply).toEqual({
      method: "POST",
      url: "https://api.test/v1/..%2Fadmin?q=a%26b%3Dc",
      headers: { "x-a": "a&b=c", "content-type": "application/json" },
      secretHeaders: { authorization: { secret: "KEY", prefix: "Bearer " } },
      timeoutMs: 30_000,
      body: '{"q": {"k":1}, "t": "x\\", \\"admin\\": \\"yes" }',
    });
  });
  it.each(["..", ".", ""])("refuses to climb or to lose a segment with %j", async (id) => {
    const { outcome } = await call({ url: "https://api.test/items/{{id}}/end" }, { id });
    expect(outcome).toMatchObject({ status: "failed", error: { code: "bad_request" } });
  });
  describe("when the response is an error", () => {
    const answered = (config: object, status: number, output = "body") =>
      play(
        graphOf({ ask: "input", call: ["http", { url: "https://api.test/", ...config }], reply: "output" }, [
          `call.${output} reply.reply`,
        ]),
        nodes,
        { fetch: () => ({ status, headers: {}, body: "No such thing." }) },
      );
    it.each([400, 404, 429, 500, 503])("fails with %d and says what came", async (status) => {
      const failed = { status: "failed", error: { code: "tool_failed" } };
      expect((await answered({}, status)).outcome).toMatchObject({
        ...failed,
        error: { code: "tool_failed", message: `api.test answered with HTTP ${status}: No such thing.` },
      });
      expect((await answered({ errors: "fail" }, status, "status")).outcome).toMatchObject(failed);
    });
    it("goes on where the graph reads the status or accepts it, and with any other status", async () => {
      expect((await answered({}, 404, "status")).outcome.output!.reply).toBe(404);
      expect((await answered({ errors: "accept" }, 404)).outcome.output!.reply).toBe("No such thing.");
      expect((await answered({}, 304)).outcome.output!.reply).toBe("No such thing.");
    });
  });
  it("refuses a line break in a header", async () => {
    expect(
      (await call({ url: "https://api.test/", headers: { "x-a": "{{q}}" } }, { q: "a\r\nb: c" })).outcome,
    ).toMatchObject({ status: "failed", error: { code: "bad_request" } });
  });
  it("checks its templates as a prompt does, and fills keys into the address", async () => {
    const config = {
      url: "https://api.test/{{q.id}}",
      headers: { "x-a": "{{q.id}}" },
      body: '{"a":{{"x"},"b":{{1st}}}',
    };
    expect(nodes.get("http")!.check!(nodes.get("http")!.config.parse(config), new Map([["q", "text"]]))).toMatchObject([
      { severity: "error", path: "/url", message: expect.stringContaining('"q" is a text and has no "id"') },
      { severity: "error", path: "/headers/x-a" },
      { severity: "error", path: "/body", message: expect.stringContaining('"1st" cannot name a variable') },
      {
        severity: "warning",
        path: "/body",
        message: expect.stringContaining('"{{"x"},"b":{{1st}}}" is not a variable'),
      },
    ]);
  });
  it.each(["", "ftp://x", "https://{{host}}/x", "https://user@x/", "//x", "https://a.test\\@b/"])(
    "refuses the address %j",
    (url) => {
      expect(nodes.get("http")!.check!(nodes.get("http")!.config.parse({ url })).map(({ path }) => path)).toContain(
        "/url",
      );
    },
  );
});

describe("language model", () => {
  it("warns where its JSON output is used without an output format", () => {
    const issues = (config: object, port: string) =>
      checkGraph(
        graphOf({ ask: "input", brain: ["llm", config], reply: "output" }, [
          "ask.message brain.message",
          `brain.${port} reply.reply`,
        ]),
        nodes,
      ).map(({ severity, code, path }) => [severity, code, path]);
    expect(issues({}, "json")).toEqual([["warning", "json-without-schema", "/nodes/1/config/schema"]]);
    expect(issues({ schema: { type: "object" } }, "json")).toEqual([]);
    expect(issues({}, "text")).toEqual([]);
  });
});

describe("retriever", () => {
  it("searches with the last messages of the conversation where it is told to", async () => {
    const queries: string[] = [];
    const knowledge = {
      k: (query: string) => {
        queries.push(query);
        return [{ id: "1", title: "leave.md", text: "Two weeks.", score: 1 }];
      },
    };
    const graph = (config: object) =>
      graphOf({ ask: "input", find: ["retriever", { knowledge: "k", ...config }], reply: "output" }, [
        "ask.message find.query",
        "find.documents reply.reply",
      ]);
    const history = [
      { role: "user" as const, content: "Hello" },
      { role: "assistant" as const, content: "Hi." },
      { role: "user" as const, content: "What is parental leave?" },
      { role: "assistant" as const, content: "It is leave for parents." },
      { role: "user" as const, content: "Who pays it?" },
    ];
    const input = { message: "And how long does it take?" };
    await play(graph({}), nodes, { knowledge, history: { s: history } }, { input, start: { session: "s" } });
    const { of } = await play(
      graph({ conversation: true }),
      nodes,
      { knowledge, history: { s: history } },
      { input, start: { session: "s" } },
    );
    await play(graph({ conversation: true }), nodes, { knowledge }, { input: { ...input, history } });
    await play(graph({ conversation: true }), nodes, { knowledge }, { input });
    const whole = "What is parental leave?\nWho pays it?\nAnd how long does it take?";
    expect(queries).toEqual([input.message, whole, whole, input.message]);
    expect(of("retrieval")[0]!.query).toBe(whole);
  });
});

describe("prompt", () => {
  it("makes a port of each name and prints values as text, lists and JSON", async () => {
    const graph = graphOf(
      {
        ask: ["input", { fields: [{ name: "data", kind: "json" }] }],
        find: ["retriever", { knowledge: "k" }],
        p: ["prompt", { template: "{{docs}}\n{{data}} {{data.n}}\n{{q}}" }],
        reply: "output",
      },
      ["ask.message find.query", "ask.message p.q", "ask.data p.data", "find.documents p.docs", "p.text reply.reply"],
    );
    const { outcome } = await play(
      graph,
      nodes,
      { knowledge: { k: [{ id: "1", title: "a.md", text: "One.", score: 1, source: { heading: "Top" } }] } },
      { input: { message: "{{data}} {% raw %}", data: { n: 2 } } },
    );
    expect(outcome.output!.reply).toBe('[1] a.md (Top)\nOne.\n{"n":2} 2\n{{data}} {% raw %}');
  });
  it("reaches no prototype", async () => {
    const graph = graphOf(
      {
        ask: ["input", { fields: [{ name: "q", kind: "json" }] }],
        p: [
          "prompt",
          { template: '{{q.constructor | default: "none"}} {{q.__proto__ | default: "none"}} {{q.a.length}}' },
        ],
        reply: "output",
      },
      ["ask.q p.q", "p.text reply.reply"],
    );
    const played = await play(graph, nodes, {}, { input: { message: "", q: { a: "12345" } } });
    expect(played.outcome.output!.reply).toBe("none none 5");
  });
  it("sends code in double braces as it is written, and says where it stands", async () => {
    const template = 'Explain:\nint a[2][2] = {{1, 2}, {3, 4}};\n<b style={{ color: "red" }}>{{q}}</b>';
    const graph = graphOf({ ask: "input", p: ["prompt", { template }], reply: "output" }, [
      "ask.message p.q",
      "p.text reply.reply",
    ]);
    expect((await play(graph, nodes)).outcome.output!.reply).toBe(template.replace("{{q}}", "hello"));
    expect(checkGraph(graph, nodes)).toMatchObject([
      {
        severity: "warning",
        code: "bad-template",
        node: "p",
        path: "/nodes/1/config/template",
        message: expect.stringContaining("Line 2, column 15"),
        fix: expect.stringContaining("{% raw %}"),
      },
    ]);
  });
  it("refuses a key of a text, and an input in any script that nothing is connected to", () => {
    const graph = graphOf({ ask: "input", p: ["prompt", { template: "{{q.name}}{{用户问题}}" }], reply: "output" }, [
      "ask.message p.q",
      "p.text reply.reply",
    ]);
    expect(checkGraph(graph, nodes).map(({ code, port, message }) => [code, port, message])).toEqual([
      ["missing-edge", "用户问题", 'Prompt needs a value at "用户问题".'],
      ["bad-template", undefined, 'Line 1, column 3: "q" is a text and has no "name".'],
    ]);
  });
});
