/** Agent templates: one JSON file each under `templates/agents/`, checked by a test. */
import { readdir, readFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { NodeTable } from "../../runtime/node.ts";
import { parseGraph } from "../../runtime/parse.ts";
import { Effect } from "../../runtime/tool.ts";

export const TEMPLATES = fileURLToPath(new URL("../../templates", import.meta.url));

const Words = z.strictObject({ en: z.string().min(1), zh: z.string().min(1) });

/** The texts of the graph in the other language; by id for those of a node or a group. */
const Translation = z.strictObject({
  name: z.string(),
  description: z.string(),
  greeting: z.string(),
  suggestions: z.array(z.string()),
  titles: z.record(z.string(), z.string()).default({}),
  /** The value of a node's `textKey`. */
  texts: z.record(z.string(), z.string()).default({}),
});

const McpServerNeed = z.strictObject({
  /** The name in the tool names of the graph: `mcp/<name>/*`. */
  name: z.string(),
  /** An npm package with one command. The installed one is started; without one, npx starts this version. */
  package: z.string(),
  version: z.string(),
  /** `{{folder}}` stands for the folder that the person chooses. */
  args: z.array(z.string()),
  effects: z.record(z.string(), Effect).default({}),
});

const TemplateFile = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  /** Position in the gallery, from 1. */
  order: z.number().int().min(1),
  /** A lucide icon name. */
  icon: z.string(),
  tags: z.array(z.string()),
  title: Words,
  summary: Words,
  /** Language of the texts in `graph`. */
  language: z.enum(["en", "zh"]),
  graph: z.record(z.string(), z.unknown()),
  en: Translation.optional(),
  zh: Translation.optional(),
  /** Documents to add to knowledge: files under `templates/samples/`. */
  samples: z.array(z.strictObject({ knowledge: z.string(), file: z.string() })).default([]),
  needs: z
    .strictObject({
      knowledge: z.array(z.strictObject({ name: z.string() })).default([]),
      mcpServers: z.array(McpServerNeed).default([]),
      /** Files of `templates/tools/`, without `.json`. They are imported when the template is used. */
      tools: z.array(z.string()).default([]),
      /** Needed by some of its tools; the agent runs without them. */
      secrets: z.array(z.string()).default([]),
      models: z.array(z.string()).default([]),
    })
    .prefault({}),
});
export const Template = z.preprocess(upgradeTemplate, TemplateFile);
export type Template = Omit<z.infer<typeof TemplateFile>, "graph"> & { graph: Graph };
export type McpServerNeed = z.infer<typeof McpServerNeed>;
export type Language = "en" | "zh";

/** A template file or a stored template in today's form: older versions wrote `order` as `place`. */
export function upgradeTemplate<T>(file: T): T {
  if (typeof file !== "object" || file === null || !("place" in file)) return file;
  const { place: order, ...rest } = file;
  return { order, ...rest } as T;
}

/**
 * All templates, in the order of the gallery. Rejects with `internal` and the file's name when one is invalid; a test
 * checks all of them.
 */
export async function readTemplates(folder = TEMPLATES): Promise<Template[]> {
  const names = (await readdir(join(folder, "agents"))).filter((name) => name.endsWith(".json"));
  const templates = await Promise.all(
    names.map(async (name) => {
      const read = Template.safeParse(JSON.parse(await readFile(join(folder, "agents", name), "utf8")));
      if (!read.success) throw broken(name, z.prettifyError(read.error));
      const { graph, issues } = parseGraph(read.data.graph);
      if (!graph) throw broken(name, issues.map((issue) => `${issue.path}: ${issue.message}`).join(" "));
      if (`${read.data.id}.json` !== name) throw broken(name, `its id is "${read.data.id}".`);
      return { ...read.data, graph };
    }),
  );
  return templates.sort((a, b) => a.order - b.order);
}

/** The text of a sample; its title is the file's own name. */
export async function readSample(file: string, folder = TEMPLATES): Promise<{ title: string; text: string }> {
  return {
    title: file.slice(file.lastIndexOf("/") + 1),
    text: await readFile(within(join(folder, "samples"), file), "utf8"),
  };
}

export async function readToolTemplate(name: string, folder = TEMPLATES): Promise<unknown> {
  return JSON.parse(await readFile(within(join(folder, "tools"), `${name}.json`), "utf8"));
}

/** The template's graph in a language; in its own when it has no translation. */
export function graphIn(template: Template, language: Language | undefined, nodes: NodeTable): Graph {
  const words = language === template.language || language === undefined ? undefined : template[language];
  if (!words) return structuredClone(template.graph);
  const { name, description, greeting, suggestions } = words;
  const graph = inWords(structuredClone(template.graph), words, nodes);
  return { ...graph, name, description, settings: { ...graph.settings, greeting, suggestions } };
}

/** Titles and texts by id, in the graph and in the bodies inside it. */
function inWords(graph: Graph, words: z.infer<typeof Translation>, nodes: NodeTable): Graph {
  const { titles, texts } = words;
  return {
    ...graph,
    groups: graph.groups.map((group) => ({ ...group, title: titles[group.id] ?? group.title })),
    nodes: graph.nodes.map((node) => {
      const config = { ...(node.config as Record<string, unknown>) };
      const key = nodes.get(node.type)?.textKey;
      if (key !== undefined && texts[node.id] !== undefined) config[key] = texts[node.id];
      const body = config.body as Graph | { agent: string } | null | undefined;
      if (body && "nodes" in body) config.body = inWords(body, words, nodes);
      return { ...node, config, ...(titles[node.id] !== undefined && { title: titles[node.id] }) };
    }),
  };
}

/** The path of a file in the folder. Throws `bad_request` for a name that leads out of it. */
function within(folder: string, name: string): string {
  const path = resolve(folder, name);
  if (!path.startsWith(folder + sep))
    throw new PatchbayError("bad_request", `A template names the file "${name.slice(0, 200)}", which lies elsewhere.`);
  return path;
}

function broken(name: string, why: string): PatchbayError {
  return new PatchbayError("internal", `The template templates/agents/${name} is broken: ${why}`);
}
