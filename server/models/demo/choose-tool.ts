/** Chooses the tools that a message asks for. */
import type { ModelTool } from "../../../runtime/model.ts";
import { type Filled, fillArguments } from "./arguments.ts";
import { identifierWords, questionUnits, termSet } from "./terms.ts";

export interface Choice {
  tool: ModelTool;
  arguments: Record<string, unknown>;
  score: number;
  /** The message holds an argument of a special form, so it is certainly meant for a tool. */
  isSure: boolean;
}

/** Tools with a lower score do not fit the message. */
const THRESHOLD = 0.9;
const MAX_CALLS = 3;

/**
 * Tools for the parts of a message, in its order, each at most once. A tool is chosen when its name or summary shares
 * words with the message (rare words count more) and its required arguments can be filled. A value of a special form (a
 * URL for a `url`, arithmetic for an `expression`) counts as much as a word of the name.
 */
export function chooseTools(tools: ModelTool[], message: string): Choice[] {
  const described = tools.map((tool) => ({ tool, ...describe(tool) }));
  const rarity = rarities(described.map((one) => one.all));
  const choices: Choice[] = [];
  for (const part of partsOf(message)) {
    const best = described
      .map((one) => rate(one, part, rarity))
      .filter((choice): choice is Choice => choice !== undefined && choice.score >= THRESHOLD)
      .sort((a, b) => b.score - a.score)[0];
    if (best && !choices.some((choice) => choice.tool === best.tool)) choices.push(best);
    if (choices.length === MAX_CALLS) break;
  }
  return choices;
}

interface Described {
  tool: ModelTool;
  name: Set<string>;
  summary: Set<string>;
  parameters: Set<string>;
  all: Set<string>;
}

function describe(tool: ModelTool): Omit<Described, "tool"> {
  const properties = (tool.parameters.properties ?? {}) as Record<string, { description?: string }>;
  const name = termSet(identifierWords(tool.name));
  const summary = termSet(tool.description);
  const parameters = termSet(
    Object.entries(properties)
      .map(([key, property]) => `${identifierWords(key)} ${property?.description ?? ""}`)
      .join(" "),
  );
  return { name, summary, parameters, all: new Set([...name, ...summary, ...parameters]) };
}

/** Weight of each term: near 1 when one tool has it, near 0 when all have it. */
function rarities(sets: Set<string>[]): Map<string, number> {
  const count = new Map<string, number>();
  for (const set of sets) for (const term of set) count.set(term, (count.get(term) ?? 0) + 1);
  const rarity = new Map<string, number>();
  for (const [term, holders] of count)
    rarity.set(term, Math.log(1 + sets.length / holders) / Math.log(1 + sets.length));
  return rarity;
}

function rate(one: Described, part: string, rarity: Map<string, number>): Choice | undefined {
  let score = 0;
  let named = 0;
  // A single Chinese character is too unspecific.
  const units = questionUnits(part).filter(([term]) => term!.length > 1);
  for (const unit of units) {
    const weight = (words: Set<string>): number =>
      Math.max(0, ...unit.filter((term) => words.has(term)).map((term) => rarity.get(term) ?? 0));
    const said = Math.max(1.2 * weight(one.name), 0.7 * weight(one.summary));
    if (said > 0) named += 1;
    score += said || 0.25 * weight(one.parameters);
  }
  // Favours a short request that names only the tool.
  if (units.length) score += (0.5 * named) / units.length;
  const hint = `${identifierWords(one.tool.name)} — ${one.tool.description}`;
  const filled: Filled | undefined = fillArguments(one.tool.parameters, part, hint);
  if (!filled) return undefined;
  if (filled.evidence === 2) score += 1;
  else if (filled.evidence === 1) score += 0.2;
  if (named === 0 && filled.evidence < 2) return undefined;
  return { tool: one.tool, arguments: filled.arguments, score, isSure: filled.evidence === 2 };
}

/** The sentences and clauses of a message, then the whole of it. */
function partsOf(message: string): string[] {
  const clauses = message
    .split(/[?!]+(?=\s|$)|[？！。；;\n]+|\.\s+|,?\s+(?:and then|then|and also|and)\s+|，?(?:然后|并且|接着|再|同时)/)
    .map((clause) => clause.trim())
    .filter((clause) => clause.length > 3);
  return clauses.length > 1 ? [...clauses, message] : [message];
}
