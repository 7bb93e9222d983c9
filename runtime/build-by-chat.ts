/**
 * Building by chat: a model proposes a patch for the request of a person. The patch is checked here and applied only when
 * the person accepts it.
 */
import { z } from "zod";
import { PatchbayError } from "./error.ts";
import { type Graph, serializeGraph } from "./graph.ts";
import type { Host } from "./host.ts";
import type { Issue } from "./issue.ts";
import type { Message } from "./message.ts";
import type { NodeTable } from "./node.ts";
import { type Applied, applyPatch, Patch } from "./patch.ts";
import { readModel, throwIfFailed } from "./read-model.ts";

/** The tools, knowledge, models and agents that a patch can use. */
export interface BuildResources {
  tools: { name: string; summary: string }[];
  knowledge: string[];
  models: string[];
  agents: string[];
}

export interface Proposal extends Applied {
  patch: Patch;
  /** Issues of the graph with the whole patch applied. */
  issues: Issue[];
}

const MAX_REPAIRS = 2;
const MAX_TOOLS = 60;

/**
 * Asks `model` for a patch. `check` returns the issues of a graph. `conversation`: the messages so far, newest last,
 * without the graph. A completion that is not a patch, or whose graph has errors, is sent back with the errors, at most
 * twice; the best patch is returned. Rejects with the model's failure, or with `bad_response` without any patch.
 */
export async function proposePatch(
  host: Pick<Host, "chat" | "model">,
  request: { model: string; graph: Graph; conversation: Message[]; resources: BuildResources },
  table: NodeTable,
  check: (graph: Graph) => Issue[] | Promise<Issue[]>,
  signal: AbortSignal,
): Promise<Proposal> {
  const model = await host.model(request.model);
  if (model.demo)
    throw new PatchbayError(
      "model_missing",
      "Building by conversation needs a real model; the demo model cannot do it. Add one under Models.",
    );
  const messages: Message[] = [
    { role: "system", content: instructions(request.graph, request.resources, table) },
    ...request.conversation,
  ];
  let best: Proposal | undefined;
  for (let repair = 0; repair <= MAX_REPAIRS; repair++) {
    const text = await requestText(
      host,
      {
        model: model.name,
        messages,
        ...(model.profile.structured
          ? { schema: z.toJSONSchema(Patch, { io: "input" }) as Record<string, unknown> }
          : {}),
      },
      signal,
    );
    const read = readPatch(text);
    let errors: string[];
    if ("patch" in read) {
      const applied = applyPatch(request.graph, read.patch.parts, table);
      const issues = await check(applied.graph);
      const proposal: Proposal = { ...applied, patch: read.patch, issues };
      if (!best || faults(proposal) < faults(best)) best = proposal;
      errors = [
        ...applied.left.map(({ part, reason }) => `Part ${part + 1}: ${reason}`),
        ...issues
          .filter((issue) => issue.severity === "error")
          .map((issue) => `${issue.node ?? "graph"}: ${issue.message} ${issue.fix ?? ""}`),
      ];
      if (errors.length === 0) return proposal;
    } else errors = [read.fault];
    messages.push(
      { role: "assistant", content: text },
      {
        role: "user",
        content: `That does not work yet:\n${errors
          .slice(0, 10)
          .map((one) => `- ${one}`)
          .join("\n")}\nSend the whole corrected patch again, as JSON only.`,
      },
    );
  }
  if (!best)
    throw new PatchbayError(
      "bad_response",
      "The model did not return a patch. Use a larger model, or ask for smaller steps.",
    );
  return best;
}

const faults = (proposal: Proposal) =>
  proposal.left.length + proposal.issues.filter((issue) => issue.severity === "error").length;

async function requestText(
  host: Pick<Host, "chat">,
  request: Parameters<Host["chat"]>[0],
  signal: AbortSignal,
): Promise<string> {
  let text = "";
  const end = await readModel(host.chat(request, signal), request.model, (part) => {
    if (part.type === "text-delta") text += part.text;
    else if (part.type === "text-recall") text = "";
  });
  throwIfFailed(end, signal);
  return text;
}

/** The patch in a model's text: the outermost braces, without the text around them. */
export function readPatch(text: string): { patch: Patch } | { fault: string } {
  const from = text.indexOf("{");
  const to = text.lastIndexOf("}");
  if (from < 0 || to < from) return { fault: "The reply contains no JSON object." };
  let value: unknown;
  try {
    value = JSON.parse(text.slice(from, to + 1));
  } catch (error) {
    return { fault: `The JSON does not parse: ${(error as Error).message}.` };
  }
  const parsed = Patch.safeParse(value);
  if (parsed.success) return { patch: parsed.data };
  const [first] = parsed.error.issues;
  return { fault: `At ${first?.path.join("/") || "the top"}: ${first?.message}` };
}

function instructions(graph: Graph, resources: BuildResources, table: NodeTable): string {
  const types = [...table.values()].map((definition) => {
    const config = definition.config.parse({});
    const { inputs, outputs } = definition.ports(config);
    const port = (one: { id: string; kind: string; optional?: boolean; many?: boolean }) =>
      `${one.id}:${one.kind}${one.optional ? "?" : ""}${one.many ? "*" : ""}`;
    return `- ${definition.type}: ${definition.summary}. in [${inputs.map(port).join(", ")}] out [${outputs.map(port).join(", ")}] config ${JSON.stringify(config)}`;
  });
  return `You change an agent, which is a graph of nodes joined by edges, as the user asks. Answer with one JSON object and nothing else:
{"summary": "what you change and why, in the user's language, one or two sentences", "parts": [ ... ]}
Each part is one of:
{"do":"add-node","id":"lower-case-id","type":"...","title":"...","config":{}}  {"do":"remove-node","id":"..."}
{"do":"set-config","id":"...","config":{"only":"the keys to change"}}  {"do":"set-title","id":"...","title":"..."}
{"do":"add-edge","from":"node.port","to":"node.port"}  {"do":"remove-edge","from":"node.port","to":"node.port"}
{"do":"set-about","name":"...","description":"..."}  {"do":"set-settings","settings":{"greeting":"...","suggestions":["..."]}}
Rules: an agent has one input and one output; what reaches output.reply is the answer. An input takes one edge unless marked *. Kinds must fit (any fits all). A "prompt" has one input for each {{name}} in its template. Write whole prompts and instructions, never placeholders. Use only the node types, tools, knowledge and models listed. Change as little as the request needs; the user may have changed the graph since your last answer.

Node types (port:kind, ? optional, * many):
${types.join("\n")}

Tools: ${
    resources.tools
      .slice(0, MAX_TOOLS)
      .map((tool) => `${tool.name} (${tool.summary})`)
      .join("; ") || "none"
  }
Knowledge: ${resources.knowledge.join(", ") || "none"}
Models: default, ${resources.models.join(", ")}
Agents: ${resources.agents.join(", ") || "none"}

The graph now:
${serializeGraph({ ...graph, layout: {}, tests: [], groups: [] })}`;
}
