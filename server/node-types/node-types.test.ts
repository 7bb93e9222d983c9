/** A node type from outside the repository: the example of docs/nodes.md, found everywhere with no other change. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encapsulate } from "../../editor/graph/encapsulate.ts";
import { addNodeType, definitions, table } from "../../editor/graph/node-types.ts";
import { createPortReader } from "../../editor/graph/ports.ts";
import { configPreview } from "../../editor/graph/preview.ts";
import { nodeWords } from "../../editor/i18n/node-words.ts";
import { matches } from "../../editor/workbench/palette.tsx";
import { type NodeModule, nodeKit } from "../../nodes/kit.ts";
import type { Issue } from "../../runtime/issue.ts";
import { graphOf } from "../../runtime/testing/play.ts";
import { type TestApp, testApp } from "../testing/test-app.ts";
import { loadNodeTypes } from "./load.ts";

const root = path.resolve(import.meta.dirname, "../..");
const guide = readFileSync(path.join(root, "docs/nodes.md"), "utf8");
const example = /```ts\n(export default[\s\S]*?)```/.exec(guide)![1]!;

const folder = mkdtempSync(path.join(tmpdir(), "patchbay-nodes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function folderWith(files: Record<string, string>): string {
  const made = mkdtempSync(path.join(folder, "set-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(made, name), text);
  return made;
}

/** ask → cut → reply. */
const graphWith = (config: object) =>
  graphOf({ ask: "input", cut: ["shorten", config], reply: "output" }, [
    "ask.message cut.text",
    "cut.short reply.reply",
  ]);

describe("the example of the guide", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ env: { PATCHBAY_NODES: folderWith({ "shorten.ts": example, "notes.md": "not a module" }) } });
    // As the editor does: it loads the module that the server sends.
    const { modules } = await app.json<{ modules: { type: string; url: string }[] }>("GET", "/api/nodes");
    expect(modules).toEqual([{ type: "shorten", url: "/api/nodes/shorten" }]);
    const response = await app.request("GET", modules[0]!.url);
    expect(response.headers.get("content-type")).toContain("text/javascript");
    const source = await response.text();
    const { default: make } = (await import(
      /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}`
    )) as {
      default: NodeModule;
    };
    addNodeType(make(nodeKit));
  });
  afterAll(() => app.close());

  it("is in the catalogue, with its form and ports", async () => {
    const { nodes } = await app.json<{ nodes: { type: string; ports: unknown; defaults: unknown }[] }>(
      "GET",
      "/api/catalog",
    );
    expect(nodes.find((card) => card.type === "shorten")).toMatchObject({
      title: "Shorten",
      defaults: { words: 100, ending: "…" },
      ports: { inputs: [{ id: "text", kind: "text" }] },
    });
  });

  it("is checked", async () => {
    const check = (config: object) =>
      app.json<{ issues: Issue[] }>("POST", "/api/check", { body: { graph: graphWith(config) } });
    expect((await check({})).issues).toEqual([]);
    expect((await check({ words: 0 })).issues[0]).toMatchObject({ code: "bad-config", node: "cut" });
  });

  it("runs", async () => {
    const run = await app.json<{ output: { reply: string } }>("POST", "/api/runs", {
      body: { graph: graphWith({ words: 2 }), input: { message: "one two three" } },
    });
    expect(run.output.reply).toBe("one two…");
  });

  it("is published and called", async () => {
    await app.publish(graphWith({ words: 1 }), "shortener");
    const { key } = await app.key();
    const run = await app.json<{ output: { reply: string } }>("POST", "/v1/agents/shortener/runs", {
      token: key,
      body: { input: { message: "one two" } },
    });
    expect(run.output.reply).toBe("one…");
  });

  it("is in the palette and in its search, in both languages", () => {
    const found = (query: string, language: string) => {
      const words = nodeWords(language);
      return definitions
        .filter((one) => matches(one, query, words.title(one.type), words.summary(one.type)))
        .map((one) => one.type);
    };
    expect(definitions.at(-1)!.type).toBe("shorten");
    expect(found("shorten", "en")).toEqual(["shorten"]);
    expect(found("截短", "zh")).toEqual(["shorten"]);
    expect(nodeWords("zh").field("shorten", "words").label).toBe("词数");
  });

  it("has ports and a preview on its card", () => {
    const node = { id: "cut", type: "shorten", version: 1, config: { words: 7 } };
    const reader = createPortReader(table);
    expect(reader.ports(node).outputs.map((port) => port.id)).toEqual(["short", "words"]);
    expect(configPreview(node, reader.config(node))).toEqual({
      is: "parts",
      parts: [{ text: "7 words" }, { quiet: "…" }],
    });
  });

  it("is encapsulated into an agent of its own", () => {
    const made = encapsulate(graphWith({}), new Set(["cut"]), { table, context: {} });
    expect("refused" in made ? made.refused : made.inner.nodes.map((node) => node.type)).toEqual([
      "input",
      "shorten",
      "output",
    ]);
  });
});

describe("a module that cannot be used", () => {
  const define = (members: string) => `export default ({ defineNode, z }) => defineNode({
    type: "own", version: 1, title: "Own", summary: "Mine", group: "act", icon: "text",
    config: z.strictObject({}), ports: () => ({ inputs: [], outputs: [] }), run: async () => ({}), ${members} });`;

  it.each([
    ["no default export", "export const x = 1;", "bad.mjs: It cannot be loaded: Export a function as default"],
    ["a syntax error", "export default (", "bad.mjs: It cannot be loaded"],
    ["an import", 'import fs from "node:fs";\nexport default () => fs;', "bad.mjs: It imports another module"],
    ["the name of a built-in type", define('type: "llm",'), 'The type "llm" is already defined by Patchbay itself'],
    ["a bad type", define('type: "My Node",'), "`type` must be a-z"],
    ["a key without a default", define("config: z.strictObject({ a: z.string() }),"), "give every key a default"],
    ["a loose config", define("config: z.record(z.string(), z.unknown()),"), "refuse unknown keys"],
    ["a key without a hint", define('config: z.strictObject({ a: z.string().default("") }),'), "a hint for each key"],
    ["no run", define("run: undefined,"), "`run` must be a function"],
    ["the role of a built-in type", define('role: "output",'), "roles input and output are built in"],
    ["ports that throw", define('ports: () => { throw new Error("no"); },'), "must not throw"],
    [
      "an unknown kind",
      define('ports: () => ({ inputs: [{ id: "a", kind: "number" }], outputs: [] }),'),
      "unknown kind",
    ],
  ])("%s", async (_, source, message) => {
    await expect(loadNodeTypes(folderWith({ "bad.mjs": source }))).rejects.toMatchObject({
      code: "bad_request",
      message: expect.stringMatching(/^PATCHBAY_NODES, bad\.mjs: /),
    });
    await expect(loadNodeTypes(folderWith({ "bad.mjs": source }))).rejects.toThrow(message);
  });

  it("two files with one type, and a folder that is not there", async () => {
    await expect(loadNodeTypes(folderWith({ "a.mjs": define(""), "b.mjs": define("") }))).rejects.toThrow(
      'PATCHBAY_NODES, b.mjs: The type "own" is already defined by a.mjs; rename it.',
    );
    await expect(loadNodeTypes(path.join(folder, "gone"))).rejects.toThrow("cannot read the folder");
  });
});
