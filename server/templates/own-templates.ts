/** Templates that the admin saved or imported. They have the shape of the shipped ones and are kept in the record store. */
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import type { Graph } from "../../runtime/graph.ts";
import { pointer } from "../../runtime/issue.ts";
import type { NodeTable } from "../../runtime/node.ts";
import { wellFormed } from "../agents/agents.ts";
import { graphNeeds } from "../agents/graph-needs.ts";
import { newId } from "../lib/ids.ts";
import type { Secrets } from "../secrets/service.ts";
import { everyRecord } from "../stores/mirror.ts";
import type { Records } from "../stores/records.ts";
import { type Language, readTemplates, Template, upgradeTemplate } from "./template.ts";

const KIND = "template";
/** The most templates that the gallery shows without paging. */
export const MAX_OWN = 300;

export const About = z.strictObject({
  name: z.string().trim().min(1).max(200).optional(),
  summary: z.string().trim().max(2000).optional(),
  tags: z.array(z.string().trim().min(1).max(40)).max(12).optional(),
});
export type About = z.infer<typeof About>;

/** A stored template; `own` is not part of its file. */
export type OwnTemplate = Template & { own: true };

export interface OwnTemplates {
  /** Newest first, after the one with this id. */
  list(options: { after?: string; limit: number }): Promise<OwnTemplate[]>;
  get(id: string): Promise<OwnTemplate | undefined>;
  /** Saves a graph with the needs found in it. Rejects with `graph_has_issues` for an invalid graph, `conflict` when there are too many. */
  save(graph: unknown, about: About & { language?: Language }): Promise<OwnTemplate>;
  /** Saves a template file. Rejects with `bad_request` and the path of what is wrong. */
  import(file: unknown): Promise<OwnTemplate>;
  change(id: string, about: About): Promise<OwnTemplate | undefined>;
  delete(id: string): Promise<boolean>;
}

export const isOwn = (id: string): boolean => id.startsWith("own-");

/** The template as a file: what `import` reads, and the format of `templates/agents/`. */
export function templateFile({ own: _own, ...template }: Template & { own?: true }): Template {
  return template;
}

function ownTemplate(stored: Template): OwnTemplate {
  return { ...upgradeTemplate(stored), own: true };
}

export function ownTemplates(
  { records, secrets }: { records: Records; secrets: Pick<Secrets, "redact"> },
  nodes: NodeTable,
): OwnTemplates {
  const put = async (template: Template): Promise<OwnTemplate> => {
    if ((await everyRecord(records, KIND)).length >= MAX_OWN)
      throw new PatchbayError("conflict", `There are ${MAX_OWN} templates of your own already. Delete some first.`);
    const clean = { ...template, graph: withoutPins(template.graph) };
    refuseSecrets(clean, secrets);
    const { body } = await records.put(KIND, template.id, clean, { revision: 0 });
    return ownTemplate(body);
  };
  return {
    async list({ after, limit }) {
      const page = await records.list<Template>(KIND, { ...(after && { after }), limit, newestFirst: true });
      return page.map(({ body }) => ownTemplate(body));
    },
    async get(id) {
      const found = await records.get<Template>(KIND, id);
      return found && ownTemplate(found.body);
    },
    save(given, { name, summary, tags, language }) {
      const graph = wellFormed(given);
      const title = name ?? graph.name;
      return put({
        id: createId(),
        order: 1,
        icon: "bookmark",
        tags: tags ?? [],
        title: both(title),
        summary: both(summary || graph.description || title),
        language: language ?? (graph.settings.language === "zh" ? "zh" : "en"),
        graph: { ...graph, name: title },
        samples: [],
        needs: { ...NO_NEEDS, ...needsOf(graph, nodes) },
      });
    },
    async import(file) {
      const read = Template.safeParse(file);
      if (!read.success) {
        const fault = read.error.issues[0]!;
        const path = `/template${pointer(...fault.path.map(String))}`;
        throw new PatchbayError("bad_request", `This is not a template: at ${path}: ${fault.message}.`, { path });
      }
      const graph = wellFormed(read.data.graph);
      return put({ ...read.data, graph, id: createId(), ...(await shipped(read.data)) });
    },
    async change(id, { name, summary, tags }) {
      const found = await records.get<Template>(KIND, id);
      if (!found) return undefined;
      const { body } = await records.put(
        KIND,
        id,
        {
          ...upgradeTemplate(found.body),
          ...(name && { title: both(name) }),
          ...(summary && { summary: both(summary) }),
          ...(tags && { tags }),
        },
        { revision: found.revision },
      );
      return ownTemplate(body);
    },
    delete: (id) => records.delete(KIND, id),
  };
}

const NO_NEEDS: Template["needs"] = { knowledge: [], mcpServers: [], tools: [], secrets: [], models: [] };
const createId = () => `own-${newId()}`;
const both = (text: string) => ({ en: text, zh: text });

/** What a graph and its bodies need from the server. The model `default` exists everywhere and is left out. */
function needsOf(graph: Graph, nodes: NodeTable): Pick<Template["needs"], "knowledge" | "secrets" | "models"> {
  const { knowledge, secrets, models } = graphNeeds(graph, nodes);
  return {
    knowledge: [...knowledge].map((name) => ({ name })),
    secrets: [...secrets].sort(),
    models: [...models].filter((name) => name !== "default"),
  };
}

/** Removes pinned outputs, which belong to the draft. */
function withoutPins(graph: Graph): Graph {
  const { "x-pins": _pins, ...rest } = graph as Graph & { "x-pins"?: unknown };
  return rest;
}

/** Throws `bad_request` when a setting contains the value of a secret, which would be exported with the template. */
function refuseSecrets(template: Template, secrets: Pick<Secrets, "redact">): void {
  const text = JSON.stringify(template);
  const redacted = secrets.redact(text);
  if (redacted === text) return;
  const name = /\[secret ([^\]]*)\]/.exec(redacted)?.[1] ?? "";
  throw new PatchbayError(
    "bad_request",
    `The graph holds the value of the secret "${name}" as plain text. Choose the secret in that setting instead, then save the template.`,
    { path: "/graph" },
  );
}

/** Samples and tools name files of this server. Only names that shipped templates use are kept, so that an imported file reaches no other. */
async function shipped({ samples, needs }: z.infer<typeof Template>): Promise<Pick<Template, "samples" | "needs">> {
  const ours = await readTemplates();
  const files = new Set(ours.flatMap((template) => template.samples.map((sample) => sample.file)));
  const tools = new Set(ours.flatMap((template) => template.needs.tools));
  return {
    samples: samples.filter((sample) => files.has(sample.file)),
    needs: { ...needs, tools: needs.tools.filter((tool) => tools.has(tool)) },
  };
}
