/**
 * The rules of the source tree (see README, "The map"), as functions over file texts: who may import whom, between rooms
 * and between the folders of a room, and no import circle. Each check returns one line per breach; none: an empty list.
 */
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";

export const ROOMS = ["runtime", "nodes", "server", "editor", "templates", "bench"] as const;
export type Room = (typeof ROOMS)[number];

interface Law {
  /** Other rooms that this room may import. */
  rooms: Room[];
  packages: string[] | "any";
  /** Whether it may import Node's own modules. */
  node: boolean;
  /**
   * The room's folders from the ground up; "." is the room's own files, of which one may be named to stand alone. A folder imports only from tiers below its own;
   * folders in one tier do not import each other. Every folder must be listed. Absent: the room has no folders to order.
   */
  tiers?: (string | string[])[];
}

export const LAW: Record<Room, Law> = {
  // Pure libraries only: no clock, no randomness, no environment, no I/O.
  runtime: {
    rooms: [],
    packages: ["zod", "liquidjs", "@noble/hashes", "ajv", "gpt-tokenizer", "re2js", "yaml", "diff"],
    node: false,
    tiers: [".", ["formats", "retrieval"], "prompt", "agent"],
  },
  nodes: { rooms: ["runtime"], packages: ["zod", "liquidjs"], node: false },
  server: {
    rooms: ["runtime", "nodes"],
    packages: "any",
    node: true,
    tiers: [
      ["contract", "lib", "node-types"],
      "process",
      "stores",
      ["secrets", "net", "sandbox"],
      ["settings", "tasks"],
      "models",
      "knowledge",
      "tools",
      "mcp",
      ["agents", "keys", "backup"],
      ["runs", "templates"],
      ["queue", "telemetry"],
      "http",
      "published",
      "triggers",
      "services.ts",
      "routes",
      ["app.ts", "open-services.ts"],
      "cli",
      ".",
    ],
  },
  editor: {
    rooms: ["runtime", "nodes"],
    packages: "any",
    node: false,
    tiers: [
      ["api", "graph"],
      "session",
      "i18n",
      "ui",
      "shell",
      "hooks",
      "fields",
      ["canvas", "panels"],
      "chat",
      "pages",
      "workbench",
      ".",
    ],
  },
  templates: { rooms: ["runtime"], packages: [], node: false },
  bench: { rooms: ["runtime", "nodes", "server", "editor"], packages: "any", node: true },
};

/** Source texts by path from the root, with "/" as separator. */
export type Sources = ReadonlyMap<string, string>;

interface Import {
  file: string;
  /** As written. */
  from: string;
  /** The imported file's path from the root; absent for a package. */
  target?: string;
  typeOnly: boolean;
}

export function readSources(root: string): Sources {
  const found = new Map<string, string>();
  for (const room of ROOMS)
    for (const entry of readdirSync(path.join(root, room), { recursive: true, withFileTypes: true }))
      if (entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name)) {
        const file = path.join(entry.parentPath, entry.name);
        found.set(path.relative(root, file).replaceAll(path.sep, "/"), readFileSync(file, "utf8"));
      }
  return found;
}

const roomOf = (file: string) => file.split("/")[0] as Room;
/** The folder of its room that a file is in; a file of the room itself is in ".", or stands alone where the tiers name it. */
function folderOf(file: string): string {
  const [room, folder, inside] = file.split("/") as [Room, string, string | undefined];
  if (inside !== undefined) return folder;
  return LAW[room]?.tiers?.flat().includes(folder) ? folder : ".";
}
const isTest = (file: string) => /\.(test|contract|d)\.tsx?$/.test(file) || /\/(testing|e2e)\//.test(file);
const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
const show = ({ file, from }: Import) => `${file} imports ${from}`;
const packageOf = (from: string) =>
  from
    .split("/")
    .slice(0, from.startsWith("@") ? 2 : 1)
    .join("/");

function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (from: string, typeOnly: boolean) =>
    found.push({
      file,
      from,
      typeOnly,
      ...(from.startsWith(".") ? { target: path.posix.join(path.posix.dirname(file), from) } : {}),
    });
  const code = withoutComments(text);
  for (const match of code.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^"'();]*?\sfrom\s*)?["']([^"']+)["']/gm))
    add(match[2]!, match[1] !== undefined);
  for (const match of code.matchAll(/\bimport\(\s*["']([^"']+)["']/g)) add(match[1]!, false);
  return found;
}

/** The imports of all files but tests, which are free. */
function productImports(sources: Sources): Import[] {
  return [...sources].filter(([file]) => !isTest(file)).flatMap(([file, text]) => importsOf(file, text));
}

/** A room imports only the rooms that its law names. One exception: the editor imports types of the server's contract. */
export function roomBreaches(sources: Sources): string[] {
  const mayImport = ({ file, target, typeOnly }: Import) => {
    const room = roomOf(file);
    if (target === undefined || roomOf(target) === room || LAW[room].rooms.includes(roomOf(target))) return true;
    const typed = file === "editor/api/api.ts" ? target === "server/app.ts" : false;
    return room === "editor" && typeOnly && (typed || target.startsWith("server/contract/"));
  };
  return productImports(sources)
    .filter((one) => !mayImport(one))
    .map(show);
}

/** A room imports only the packages, and Node's own modules, that its law names. Types of a package are free. */
export function packageBreaches(sources: Sources): string[] {
  return productImports(sources)
    .filter(({ file, from, target, typeOnly }) => {
      if (target !== undefined || from.startsWith("virtual:")) return false;
      const law = LAW[roomOf(file)];
      if (from.startsWith("node:") || builtinModules.includes(from)) return !law.node;
      return !typeOnly && law.packages !== "any" && !law.packages.includes(packageOf(from));
    })
    .map(show);
}

/** Inside a room, imports go down the tiers; types counted. */
export function tierBreaches(sources: Sources): string[] {
  const level = new Map<string, number>();
  for (const room of ROOMS)
    LAW[room].tiers?.forEach((tier, index) => {
      for (const folder of [tier].flat()) level.set(`${room}/${folder}`, index);
    });
  const tiered = (file: string) => LAW[roomOf(file)]?.tiers !== undefined;
  const levelOf = (file: string) => level.get(`${roomOf(file)}/${folderOf(file)}`);
  const unlisted = [...sources.keys()]
    .filter((file) => !isTest(file) && tiered(file) && levelOf(file) === undefined)
    .map((file) => `${file}: its folder has no tier in house.ts`);
  const upward = productImports(sources)
    .filter(({ file, target }) => {
      if (target === undefined || isTest(target) || !tiered(file) || roomOf(target) !== roomOf(file)) return false;
      if (folderOf(file) === folderOf(target)) return false;
      return levelOf(target)! >= levelOf(file)!;
    })
    .map(show);
  return [...unlisted, ...upward];
}

/** The editor's lowest layers run without React: `graph/` is pure, `session/` holds plain stores. */
export function reactBreaches(sources: Sources): string[] {
  return productImports(sources)
    .filter(({ file }) => /^editor\/(graph|session)\//.test(file))
    .filter(({ from }) =>
      /^(react|@xyflow\/react|react-i18next|@tanstack\/react-query|radix-ui|zustand)(\/|$)/.test(from),
    )
    .filter(({ file, from }) => !(file.startsWith("editor/session/") && from === "zustand/vanilla"))
    .map(show);
}

/** `runtime` and `nodes` take time, randomness and the world from `Host` alone. */
export function hostBreaches(sources: Sources): string[] {
  const forbidden =
    /\b(Date\.now|new Date\(\s*\)|Math\.random|process\.|globalThis\.fetch|setTimeout|setInterval|crypto\.randomUUID|performance\.now)\b|(?:await|return|[=(,])\s*fetch\(/;
  return [...sources]
    .filter(
      ([file, text]) => ["runtime", "nodes"].includes(roomOf(file)) && !isTest(file) && forbidden.test(bare(text)),
    )
    .map(([file]) => file);
}

const bare = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");

/** A node type's file imports no other file of `nodes/` but its own words. */
export function nodeBreaches(sources: Sources): string[] {
  return productImports(sources)
    .filter(({ file, from }) => /^nodes\/[^/]+$/.test(file) && file !== "nodes/index.ts" && from.startsWith("./"))
    .filter(({ from }) => !from.startsWith("./words/"))
    .map(show);
}

/** Import circles, as "a → b → a"; types counted. */
export function circles(sources: Sources): string[] {
  const graph = new Map(
    [...sources].map(([file, text]) => [
      file,
      importsOf(file, text).flatMap(({ target }) => (target !== undefined && sources.has(target) ? [target] : [])),
    ]),
  );
  const state = new Map<string, "open" | "done">();
  const found: string[] = [];
  const visit = (file: string, trail: string[]) => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      found.push([...trail.slice(trail.indexOf(file)), file].join(" → "));
      return;
    }
    state.set(file, "open");
    for (const next of graph.get(file)!) visit(next, [...trail, file]);
    state.set(file, "done");
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

/**
 * Places outside `nodes/` that decide by the name of a node type: comparisons with `type`, cases of a switch over it,
 * lists of type names and tables keyed by them. A definition's role and members answer instead.
 */
export function typeNameBreaches(sources: Sources): string[] {
  const names = [...sources]
    .filter(([file]) => /^nodes\/[^/]+\.ts$/.test(file) && !isTest(file))
    .flatMap(([, text]) => /\bdefineNode[<(][\s\S]*?\btype: "([a-z-]+)"/.exec(text)?.[1] ?? []);
  const name = `["'\`](?:${names.join("|")})["'\`]`;
  const key = `["']?(?:${names.join("|")})["']?:\\s[^,{}]+,\\s*`;
  const patterns = [
    new RegExp(`\\btype\\b[)\\]!]*\\s*[!=]==?\\s*${name}`, "g"),
    new RegExp(`${name}\\s*[!=]==?\\s*[\\w.?!]*\\btype\\b`, "g"),
    // Names that nothing but a node type has.
    new RegExp(`[!=]==?\\s*["'\`](?:${names.filter((one) => !SHARED.includes(one)).join("|")})["'\`]`, "g"),
    new RegExp(`\\[\\s*${name}(?:,\\s*${name})+,?\\s*\\](?! as const)`, "g"),
    new RegExp(`\\{\\s*(?:${key}){3}`, "g"),
  ];
  return [...sources].flatMap(([file, source]) => {
    if (isTest(file) || roomOf(file) === "nodes") return [];
    const text = bare(source);
    const found = patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([match]) => match));
    for (const [opening] of text.matchAll(/switch \([^)]*\btype\)/g)) {
      const block = text.slice(text.indexOf(opening)).split(/\n {0,4}\}/)[0]!;
      found.push(...[...block.matchAll(new RegExp(`case ${name}`, "g"))].map(([match]) => match));
    }
    return found.map((match) => `${file}: ${match.replaceAll(/\s+/g, " ")}`);
  });
}

/** Node types whose names are also roles of messages, bindings of tools, kinds of waits or fields of data. */
const SHARED = ["input", "output", "tool", "agent", "code", "http", "action", "approval", "prompt", "map"];
