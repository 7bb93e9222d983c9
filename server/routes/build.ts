/** Building by chat: a model proposes a patch to a graph, and the person accepts or rejects its parts in the editor. */
import { Hono } from "hono";
import { z } from "zod";
import { proposePatch } from "../../runtime/build-by-chat.ts";
import { PatchbayError } from "../../runtime/error.ts";
import { parseGraph } from "../../runtime/parse.ts";
import { Proposal } from "../contract/proposal.ts";
import { body, describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import type { Services } from "../services.ts";

const BuildBody = z.strictObject({
  graph: z.record(z.string(), z.unknown()).describe("The graph in the editor, with unsaved changes."),
  conversation: z
    .array(z.strictObject({ role: z.enum(["user", "assistant"]), content: z.string().max(20_000) }))
    .min(1)
    .max(100)
    .describe("The conversation, oldest first. The last message is the request."),
  model: z.string().max(200).default("default"),
});

export function buildRoutes({
  nodes,
  agents,
  models,
  toolbox,
  knowledge,
}: Pick<Services, "nodes" | "agents" | "models" | "toolbox" | "knowledge">) {
  return new Hono<AppEnv>().post(
    "/",
    describe({
      summary: "Propose a patch to a graph by a chat message",
      tag: "agents",
      response: Proposal,
      errors: {
        400: "The body is invalid, or no model other than the demo is configured.",
        502: "The model did not return a patch.",
      },
    }),
    body(BuildBody),
    async (c) => {
      const { graph, conversation, model } = c.req.valid("json");
      const parsed = parseGraph(graph);
      if (!parsed.graph)
        throw new PatchbayError("bad_request", "The graph is not a valid agent file.", { issues: parsed.issues });
      const [tools, cards, known, drafts] = await Promise.all([
        toolbox.cards(),
        models.cards(),
        knowledge.cards(),
        agents.drafts(),
      ]);
      const proposal = await proposePatch(
        { chat: (request, signal) => models.chat(request, signal), model: (name) => models.resolve(name) },
        {
          model,
          graph: parsed.graph,
          conversation,
          resources: {
            tools: tools.map(({ name, summary }) => ({ name, summary })),
            models: cards.filter((card) => !card.demo).map((card) => card.name),
            knowledge: known.map((card) => card.name),
            agents: [...drafts.keys()],
          },
        },
        nodes,
        (proposed) => agents.check(proposed),
        c.req.raw.signal,
      );
      return c.json(proposal);
    },
  );
}
