/** Reads the parameters of an operation: their schemas and how they are written into the request. */
import type { JsonSchema } from "../../../runtime/tool.ts";
import { cleanText, cutText } from "../clean-text.ts";
import type { ApiParameter } from "../stored-tool.ts";
import { type ApiDocument, follow, isObject, type Json, said, text } from "./document.ts";
import type { SchemaReader } from "./schema.ts";

const STYLES: readonly string[] = [
  "form",
  "simple",
  "label",
  "matrix",
  "spaceDelimited",
  "pipeDelimited",
  "deepObject",
];
type Serialisation = Pick<ApiParameter, "style" | "explode">;

/** Merges the parameters of the path and of the operation; the latter win by name and location. */
export function mergeParameters(root: Json, lists: readonly unknown[]): ({ value: Json } | { fault: string })[] {
  const merged = new Map<string, { value: Json } | { fault: string }>();
  let faults = 0;
  for (const list of lists)
    for (const each of Array.isArray(list) ? list : []) {
      const found = follow(root, each);
      if ("fault" in found) merged.set(`fault ${faults++}`, found);
      else merged.set(`${said(found.value.in)} ${said(found.value.name)}`, found);
    }
  return [...merged.values()];
}

/** `json`: the value goes as JSON text. */
export function parameterSchema(
  document: ApiDocument,
  parameter: Json,
  reader: SchemaReader,
): { value: JsonSchema; json: boolean } {
  const { value, json } = ownSchema(document, parameter, reader);
  const description = cutText(cleanText(text(parameter.description)), 300);
  return { value: description && !value.description ? { ...value, description } : value, json };
}

function ownSchema(document: ApiDocument, parameter: Json, reader: SchemaReader): { value: JsonSchema; json: boolean } {
  if (document.version === "2.0") {
    const { name: _, in: __, required: ___, description: ____, ...schema } = parameter;
    return { value: reader.read(schema), json: false };
  }
  if (parameter.schema !== undefined) return { value: reader.read(parameter.schema), json: false };
  const content = isObject(parameter.content) ? Object.entries(parameter.content)[0] : undefined;
  if (!content || !isObject(content[1])) return { value: {}, json: false };
  return { value: reader.read(content[1].schema), json: content[0].includes("json") };
}

export function serialisation(document: ApiDocument, parameter: Json, where: ApiParameter["in"]): Serialisation {
  const fallback = where === "query" || where === "cookie" ? "form" : "simple";
  if (document.version !== "2.0") return styleOf(parameter, fallback);
  const { style, explode } = collectionStyle(parameter.collectionFormat);
  return { style: style === "form" ? fallback : style, explode };
}

/** `style` and `explode` with the defaults of the specification. */
export function styleOf(given: Json, fallback: "form" | "simple"): Serialisation {
  const style = (STYLES.includes(said(given.style)) ? given.style : fallback) as ApiParameter["style"];
  return { style, explode: typeof given.explode === "boolean" ? given.explode : style === "form" };
}

/** Swagger 2 joins the items of a list by commas unless it says something else. */
export function collectionStyle(format: unknown): {
  style: "form" | "spaceDelimited" | "pipeDelimited";
  explode: boolean;
} {
  if (format === "ssv") return { style: "spaceDelimited", explode: false };
  if (format === "pipes") return { style: "pipeDelimited", explode: false };
  return { style: "form", explode: format === "multi" };
}
