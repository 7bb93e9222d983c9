/** `GET /api/catalog`: node types, models, tools, knowledge and agents, for programs. The editor imports `nodes/`. */
import { Hono } from "hono";
import { z } from "zod";
import type { NodeDefinition } from "../../runtime/node.ts";
import { describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import type { Services } from "../services.ts";

const Port = z.object({
  id: z.string(),
  kind: z.string(),
  label: z.string().optional(),
  many: z.boolean().optional(),
  optional: z.boolean().optional(),
});

const NodeCard = z.object({
  type: z.string(),
  version: z.number(),
  title: z.string(),
  summary: z.string(),
  group: z.string(),
  icon: z.string(),
  config: z.record(z.string(), z.unknown()).describe("JSON Schema of the config."),
  defaults: z.unknown(),
  ports: z.object({ inputs: z.array(Port), outputs: z.array(Port) }),
  form: z.unknown().optional(),
});

export function catalogRoutes({
  nodes,
  models,
  toolbox,
  knowledge,
  agents,
}: Pick<Services, "nodes" | "models" | "toolbox" | "knowledge" | "agents">) {
  /** Cached: node types do not change while the process runs. */
  let cards: z.infer<typeof NodeCard>[] | undefined;
  return new Hono<AppEnv>().get(
    "/",
    describe({
      summary: "List node types, models, tools, knowledge and agents",
      tag: "catalog",
      response: z.object({
        nodes: z.array(NodeCard),
        models: z.array(z.unknown()),
        tools: z.array(z.unknown()),
        knowledge: z.array(z.unknown()),
        agents: z.array(z.unknown()),
      }),
    }),
    async (c) => {
      cards ??= [...nodes.values()].map(nodeCard);
      const [modelCards, tools, knowledgeCards, publications] = await Promise.all([
        models.cards(),
        toolbox.cards(),
        knowledge.cards(),
        agents.publications(),
      ]);
      return c.json({
        nodes: cards,
        models: modelCards,
        tools,
        knowledge: knowledgeCards,
        agents: publications.map(({ slug, agent, live }) => ({ slug, agent, live })),
      });
    },
  );
}

function nodeCard(definition: NodeDefinition): z.infer<typeof NodeCard> {
  const defaults = definition.config.parse({});
  return {
    type: definition.type,
    version: definition.version,
    title: definition.title,
    summary: definition.summary,
    group: definition.group,
    icon: definition.icon,
    config: z.toJSONSchema(definition.config, { io: "input", unrepresentable: "any" }) as Record<string, unknown>,
    defaults,
    ports: definition.ports(defaults),
    ...(definition.form && { form: definition.form }),
  };
}
