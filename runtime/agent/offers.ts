/** The tools offered to a model: the connected ones without those that are `off`; of many, the best for the question. */
import { approvalFor } from "../approval.ts";
import type { Settings } from "../graph.ts";
import type { Message } from "../message.ts";
import type { Model, ModelTool } from "../model.ts";
import { modelNames } from "../model-name.ts";
import type { Step } from "../node.ts";
import type { Approval, ToolOffer } from "../tool.ts";

export interface Offers {
  /** All callable tools, by the name for the model. */
  byName: ReadonlyMap<string, ToolOffer>;
  /** The tools in the prompt, best first. */
  shown: ModelTool[];
  /** Number of tools of `byName` that are not in the prompt. */
  hidden: number;
}

/**
 * The tools of all connected tool nodes, each once: with the strictest approval, and pinned if one node pins it. The
 * graph's settings override the nodes. Tools that are `off` are left out; a demo model gets `read` tools only.
 */
export function collectOffers(
  lists: readonly (readonly ToolOffer[])[],
  settings: Settings,
  model: Model,
): Map<string, ToolOffer> {
  const all = new Map<string, ToolOffer>();
  for (const list of lists)
    for (const offer of list) {
      const known = all.get(offer.name);
      const approve = approvalFor(offer, settings, strictest(offer.approve, known?.approve));
      const pinned = offer.pinned || known?.pinned;
      const same = approve === offer.approve && Boolean(pinned) === Boolean(offer.pinned);
      all.set(offer.name, same ? offer : { ...offer, approve, ...(pinned ? { pinned } : {}) });
    }
  const kept = [...all.values()].filter((offer) => offer.approve !== "off" && (!model.demo || offer.effect === "read"));
  return modelNames(kept);
}

/** Keeps the `read` tools only. */
export function readOnly(offers: Offers): Offers {
  const byName = new Map([...offers.byName].filter(([, offer]) => offer.effect === "read"));
  return {
    byName,
    shown: offers.shown.filter((tool) => byName.has(tool.name)),
    hidden: Math.min(offers.hidden, byName.size),
  };
}

function strictest(a: Approval, b: Approval | undefined): Approval {
  if (a === "off" || b === "off") return "off";
  return a === "ask" || b === "ask" ? "ask" : "auto";
}

/** Tools with results in this many last turns stay in the prompt. */
const TURNS_IN_USE = 2;

/**
 * Chooses the tools of the prompt. Up to `limit` tools: all. More: the pinned ones, those used in the last turns, and the
 * `limit` best for the question by the host's search. The search is a `retrieval` event, which a resumed run reads.
 */
export async function chooseTools(
  step: Step,
  byName: ReadonlyMap<string, ToolOffer>,
  question: string,
  history: readonly Message[],
  limit: number,
): Promise<Offers> {
  if (byName.size <= limit)
    return { byName, shown: [...byName].map(([name, offer]) => modelTool(name, offer)), hidden: 0 };
  const nameOf = new Map<string, string>();
  for (const [name, offer] of byName) nameOf.set(offer.name, name);
  const offered = [...byName.values()];
  const query = searchQuery(question, history);

  const past = step.past("retrieval", (event) => event.of === "tools" && event.index === 0);
  let best = past?.hits.map((hit) => hit.id);
  if (!best) {
    const ranked = await step.host.searchTools(query, offered, limit, step.signal);
    const stored = step.emit({
      type: "retrieval",
      of: "tools",
      query,
      hits: ranked.map(({ tool, score, ranks }) => ({
        id: tool.name,
        title: tool.summary.slice(0, 200),
        score,
        ranks,
      })),
      among: offered.length,
      index: 0,
    });
    stored.catch(() => {});
    best = ranked.map(({ tool }) => tool.name);
  }

  const chosen = new Set<string>();
  for (const offer of offered) if (offer.pinned) chosen.add(nameOf.get(offer.name)!);
  for (const name of usedNames(history)) if (byName.has(name)) chosen.add(name);
  for (const name of best) if (nameOf.has(name)) chosen.add(nameOf.get(name)!);
  // A question in another language than the tools may find none by words. Fills up with the first ones.
  for (const name of byName.keys()) {
    if (chosen.size >= limit) break;
    chosen.add(name);
  }
  return {
    byName,
    shown: [...chosen].map((name) => modelTool(name, byName.get(name)!)),
    hidden: byName.size - chosen.size,
  };
}

/** Adds the previous question to a short one, because a follow-up ("now in a woman's voice") has few words. */
function searchQuery(question: string, history: readonly Message[]): string {
  if (question.length >= 60) return question.slice(0, 2000);
  const before = history.findLast((message) => message.role === "user");
  return before && typeof before.content === "string" ? `${question}\n${before.content.slice(0, 300)}` : question;
}

function usedNames(history: readonly Message[]): Set<string> {
  const names = new Set<string>();
  let turns = 0;
  for (let i = history.length - 1; i >= 0 && turns < TURNS_IN_USE; i--) {
    const message = history[i]!;
    if (message.role === "user") turns++;
    else if (message.role === "tool" && !message.error) names.add(message.name);
  }
  return names;
}

const modelTools = new WeakMap<object, ModelTool>();

/** Cached by the schema object, so that tokens are not counted again in each run. */
function modelTool(name: string, offer: ToolOffer): ModelTool {
  const known = modelTools.get(offer.parameters);
  if (known && known.name === name && known.description === offer.summary) return known;
  const tool: ModelTool = { name, description: offer.summary, parameters: offer.parameters };
  modelTools.set(offer.parameters, tool);
  return tool;
}
