/** The law of the house (see README, "The map"): who may import whom, no circles, and nodes that run in a browser. */
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import { build } from "vite";
import { describe, expect, it } from "vitest";

const root = import.meta.dirname;
const rooms = ["runtime", "nodes", "server", "editor", "templates", "bench"] as const;
type Room = (typeof rooms)[number];

/** What each room may import: other rooms, and packages (a list, or any). Tests are free. */
const law: Record<Room, { rooms: Room[]; packages: string[] | "any"; node: boolean }> = {
  // Pure libraries only: no clock, no chance, no environment, no I/O.
  runtime: {
    rooms: [],
    packages: ["zod", "liquidjs", "jsonc-parser", "@noble/hashes", "ajv", "gpt-tokenizer", "re2js", "yaml", "diff"],
    node: false,
  },
  nodes: { rooms: ["runtime"], packages: ["zod", "liquidjs"], node: false },
  server: { rooms: ["runtime", "nodes"], packages: "any", node: true },
  editor: { rooms: ["runtime", "nodes"], packages: "any", node: false },
  templates: { rooms: ["runtime"], packages: [], node: false },
  bench: { rooms: ["runtime", "nodes", "server", "editor"], packages: "any", node: true },
};

interface Import {
  file: string;
  from: string;
  typeOnly: boolean;
}

function sources(room: Room): string[] {
  return readdirSync(path.join(root, room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

const isTest = (file: string) => /\.(test|contract|d)\.tsx?$/.test(file) || /\/(testing|e2e)\//.test(file);

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const found: Import[] = [];
  for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^"'();]*?\sfrom\s*)?["']([^"']+)["']/gm))
    found.push({ file, from: match[2]!, typeOnly: match[1] !== undefined });
  for (const match of text.matchAll(/\bimport\(\s*["']([^"']+)["']/g))
    found.push({ file, from: match[1]!, typeOnly: false });
  return found;
}

const roomOf = (file: string): string => path.relative(root, file).split(path.sep)[0]!;
const show = (found: Import) => `${path.relative(root, found.file)} imports ${found.from}`;
const packageOf = (from: string) =>
  from
    .split("/")
    .slice(0, from.startsWith("@") ? 2 : 1)
    .join("/");

describe.each(rooms)("%s", (room) => {
  const rule = law[room];
  const found = sources(room)
    .filter((file) => !isTest(file))
    .flatMap(importsOf);

  it("imports downhill only", () => {
    const wrong = found.filter(({ file, from, typeOnly }) => {
      if (!from.startsWith(".")) return false;
      const target = roomOf(path.resolve(path.dirname(file), from));
      if (target === room || (rule.rooms as string[]).includes(target)) return false;
      // One exception: the types of the server's routes, for the editor's client.
      return !(
        room === "editor" &&
        path.relative(root, file) === path.join("editor", "api.ts") &&
        from === "../server/app.ts" &&
        typeOnly
      );
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it("imports only the packages that it may", () => {
    const wrong = found.filter(({ from, typeOnly }) => {
      if (from.startsWith(".") || from.startsWith("virtual:")) return false;
      if (from.startsWith("node:") || builtinModules.includes(from)) return !rule.node;
      return !typeOnly && rule.packages !== "any" && !rule.packages.includes(packageOf(from));
    });
    expect(wrong.map(show)).toEqual([]);
  });
});

describe("runtime and nodes", () => {
  it("ask the Host for time, chance and the world", () => {
    const forbidden =
      /\b(Date\.now|new Date\(\s*\)|Math\.random|process\.|globalThis\.fetch|setTimeout|setInterval|crypto\.randomUUID|performance\.now)\b|(?:await|return|[=(,])\s*fetch\(/;
    const wrong = [...sources("runtime"), ...sources("nodes")]
      .filter((file) => !isTest(file))
      .filter((file) => forbidden.test(readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")));
    expect(wrong.map((file) => path.relative(root, file))).toEqual([]);
  });

  it("know no other node", () => {
    const wrong = sources("nodes")
      .filter((file) => !isTest(file) && path.basename(file) !== "index.ts")
      .flatMap(importsOf)
      .filter(({ from }) => from.startsWith("./"));
    expect(wrong.map(show)).toEqual([]);
  });

  it("bundle for the browser with nothing of Node in it", async () => {
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

it("no file imports itself by a detour (types aside)", () => {
  const graph = new Map<string, string[]>();
  for (const room of rooms)
    for (const file of sources(room))
      graph.set(
        file,
        importsOf(file)
          .filter(({ from, typeOnly }) => from.startsWith(".") && !typeOnly)
          .map(({ from }) => path.resolve(path.dirname(file), from)),
      );
  const state = new Map<string, "open" | "done">();
  const circles: string[] = [];
  const visit = (file: string, trail: string[]) => {
    if (state.get(file) === "done" || !graph.has(file)) return;
    if (state.get(file) === "open") {
      circles.push([...trail.slice(trail.indexOf(file)), file].map((one) => path.relative(root, one)).join(" → "));
      return;
    }
    state.set(file, "open");
    for (const next of graph.get(file)!) visit(next, [...trail, file]);
    state.set(file, "done");
  };
  for (const file of graph.keys()) visit(file, []);
  expect(circles).toEqual([]);
});
