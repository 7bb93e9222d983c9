/** Holds the source tree to the rules of `house.ts`, and each rule to a planted breach. */
import { builtinModules } from "node:module";
import path from "node:path";
import { build } from "vite";
import { describe, expect, it } from "vitest";
import {
  circles,
  hostBreaches,
  nodeBreaches,
  packageBreaches,
  reactBreaches,
  readSources,
  roomBreaches,
  type Sources,
  tierBreaches,
  typeNameBreaches,
} from "./house.ts";

const root = import.meta.dirname;
const sources = readSources(root);
/** The tree with files added or replaced. */
const planted = (files: Record<string, string>): Sources => new Map([...sources, ...Object.entries(files)]);

describe("the house", () => {
  it("has rooms that import downhill only", () => {
    expect(roomBreaches(sources)).toEqual([]);
    expect(roomBreaches(planted({ "runtime/bad.ts": 'import { nodes } from "../nodes/index.ts";' }))).toEqual([
      "runtime/bad.ts imports ../nodes/index.ts",
    ]);
  });

  it("lets the editor have types of the server's contract, and nothing else of the server", () => {
    const breach = (text: string) => roomBreaches(planted({ "editor/panels/bad.ts": text }));
    expect(breach('import type { Task } from "../../server/contract/task.ts";')).toEqual([]);
    expect(breach('import { Task } from "../../server/contract/task.ts";')).toHaveLength(1);
    expect(breach('import type { Env } from "../../server/process/env.ts";')).toHaveLength(1);
  });

  it("imports only the packages that each room may", () => {
    expect(packageBreaches(sources)).toEqual([]);
    const bad = 'import fs from "node:fs";\nimport { useState } from "react";\nimport type { FC } from "react";';
    expect(packageBreaches(planted({ "runtime/bad.ts": bad }))).toEqual([
      "runtime/bad.ts imports node:fs",
      "runtime/bad.ts imports react",
    ]);
  });

  it("has folders that import downhill inside their room, types counted", () => {
    expect(tierBreaches(sources)).toEqual([]);
    const breach = (file: string, from: string) =>
      tierBreaches(planted({ [file]: `import type { X } from "${from}";` }));
    expect(breach("editor/graph/bad.ts", "../session/save.ts")).toEqual([
      "editor/graph/bad.ts imports ../session/save.ts",
    ]);
    expect(breach("editor/canvas/bad.ts", "../panels/inspector.tsx")).toHaveLength(1);
    expect(breach("server/stores/bad.ts", "../runs/runs.ts")).toHaveLength(1);
    expect(breach("runtime/bad.ts", "./agent/loop.ts")).toHaveLength(1);
    expect(breach("server/unlisted/bad.ts", "../lib/ids.ts")).toEqual([
      "server/unlisted/bad.ts: its folder has no tier in house.ts",
    ]);
  });

  it("asks a node's definition, not its type's name", () => {
    expect(typeNameBreaches(sources)).toEqual([]);
    for (const breach of [
      'if (node.type === "llm") run();',
      'const ends = "output" === node.type;',
      'switch (node.type) {\n  case "prompt":\n    return 1;\n}',
      'const QUIET = new Set(["input", "note"]);',
      'const IDS: Record<string, string> = {\n  input: "ask",\n  output: "reply",\n  llm: "brain",\n};',
      'if (!["note", "input", "output"].includes(type)) run();',
    ])
      expect(typeNameBreaches(planted({ "editor/graph/bad.ts": breach }))).not.toEqual([]);
  });

  it("keeps React out of the editor's lowest layers", () => {
    expect(reactBreaches(sources)).toEqual([]);
    const bad = 'import { useMemo } from "react";\nimport { createStore } from "zustand/vanilla";';
    expect(reactBreaches(planted({ "editor/session/bad.ts": bad }))).toEqual(["editor/session/bad.ts imports react"]);
    expect(reactBreaches(planted({ "editor/graph/bad.ts": bad }))).toHaveLength(2);
  });

  it("has no import circle, types counted", () => {
    expect(circles(sources)).toEqual([]);
    expect(
      circles(
        new Map(
          Object.entries({
            "runtime/one.ts": 'import type { Two } from "./two.ts";',
            "runtime/two.ts": 'export * from "./three.ts";',
            "runtime/three.ts": 'const one = () => import("./one.ts");',
          }),
        ),
      ),
    ).toEqual(["runtime/one.ts → runtime/two.ts → runtime/three.ts → runtime/one.ts"]);
  });

  it("asks the Host for time, randomness and the world in runtime and nodes", () => {
    expect(hostBreaches(sources)).toEqual([]);
    expect(hostBreaches(planted({ "nodes/bad.ts": "export const at = Date.now();" }))).toEqual(["nodes/bad.ts"]);
  });

  it("has node types that know no other node type", () => {
    expect(nodeBreaches(sources)).toEqual([]);
    expect(nodeBreaches(planted({ "nodes/bad.ts": 'import { llm } from "./llm.ts";' }))).toEqual([
      "nodes/bad.ts imports ./llm.ts",
    ]);
  });

  it("bundles the node types for the browser without Node's modules", async () => {
    const result = await build({
      root,
      configFile: false,
      logLevel: "silent",
      build: {
        write: false,
        minify: false,
        lib: { entry: path.join(root, "nodes", "index.ts"), formats: ["es"] },
        rollupOptions: { external: /^node:/ },
      },
    });
    const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) => ("output" in one ? one.output : []));
    const external = outputs.flatMap((chunk) =>
      chunk.type === "chunk" ? [...chunk.imports, ...chunk.dynamicImports] : [],
    );
    expect(external.filter((name) => name.startsWith("node:") || builtinModules.includes(name))).toEqual([]);
  }, 30_000);
});
