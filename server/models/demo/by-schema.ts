/** A JSON value that fits a schema, chosen by matching words: for routers and structured output of the demo. */
import type { JsonSchema } from "../../../runtime/tool.ts";
import { fillArguments } from "./arguments.ts";
import { identifierWords, questionTerms, termSet } from "./terms.ts";

const MAX_ITEMS = 12;

/** `guide`: the instructions. Lines such as `- refund: money back` describe a choice. */
export function valueBySchema(schema: JsonSchema, message: string, guide: string, depth = 0): unknown {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return choose(schema.enum, message, guide);
  if (type === "object" || schema.properties) {
    const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
    const value: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(properties)) {
      const filled = isPlain(property)
        ? fillArguments({ properties: { [name]: property }, required: [name] }, message, "")
        : undefined;
      value[name] = filled
        ? filled.arguments[name]
        : depth < 8
          ? valueBySchema(property, message, guide, depth + 1)
          : null;
    }
    return value;
  }
  if (type === "array") {
    const item = (schema.items ?? {}) as JsonSchema;
    const most = typeof schema.maxItems === "number" ? Math.min(schema.maxItems, MAX_ITEMS) : MAX_ITEMS;
    if (depth >= 8) return [];
    return piecesOf(message)
      .slice(0, most)
      .map((piece) => valueBySchema(item, piece, guide, depth + 1));
  }
  if (type === "number" || type === "integer") return typeof schema.minimum === "number" ? schema.minimum : 0;
  if (type === "boolean") return false;
  if (type === "null") return null;
  return message.slice(0, 500);
}

/** One item per line; one per sentence when there is only one line. */
function piecesOf(message: string): string[] {
  const lines = message.split("\n").map((line) => line.trim());
  const pieces = lines.filter(Boolean).length > 1 ? lines : message.split(/(?<=[.!?;])\s+|(?<=[。！？；])/);
  return pieces.map((piece) => piece.trim().replace(/[.;。；]$/, "")).filter(Boolean);
}

function isPlain(property: JsonSchema): boolean {
  return !property.enum && ["string", "number", "integer"].includes(String(property.type));
}

/**
 * The choice whose name or line in the guide shares most words with the message; without a match `else`, `other`, or
 * the last one.
 */
function choose(choices: unknown[], message: string, guide: string): unknown {
  const words = questionTerms(message);
  let best: unknown;
  let bestScore = 0;
  for (const choice of choices) {
    if (typeof choice !== "string") continue;
    const line = guide.split("\n").find((one) => one.replace(/^[-*\s]+/, "").startsWith(`${choice}:`)) ?? "";
    const about = termSet(`${identifierWords(choice)} ${line}`);
    let score = 0;
    for (const word of words) if (about.has(word)) score += /^\p{Script=Han}$/u.test(word) ? 0.3 : 1;
    if (score > bestScore) [best, bestScore] = [choice, score];
  }
  return bestScore >= 0.9
    ? best
    : (choices.find((choice) => choice === "else" || choice === "other") ?? choices.at(-1));
}
