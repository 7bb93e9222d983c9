/** Converts the body of an operation into arguments: one per property where possible, else one for the whole body. */
import type { JsonSchema } from "../../../runtime/tool.ts";
import type { OpenApiBinding } from "../stored-tool.ts";
import { type ApiDocument, follow, isObject, type Json, said, text } from "./document.ts";
import { type SchemaReader, strings } from "./schema.ts";

export interface Body {
  mediaType: string;
  from: NonNullable<OpenApiBinding["body"]>["from"];
  properties: Record<string, JsonSchema>;
  required: string[];
}

const FORM = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data";

/** `undefined`: the operation has none. */
export function readBody(
  document: ApiDocument,
  operation: Json,
  bodyParameters: Json[],
  reader: SchemaReader,
  taken: Record<string, unknown>,
): Body | { fault: string } | undefined {
  if (document.version === "2.0") return swaggerBody(document, operation, bodyParameters, reader, taken);
  if (operation.requestBody === undefined) return undefined;
  const found = follow(document.root, operation.requestBody);
  if ("fault" in found) return found;
  const content = isObject(found.value.content) ? found.value.content : {};
  const mediaType = choose(Object.keys(content));
  const needed = found.value.required === true;
  if (!mediaType) {
    const kinds = Object.keys(content).slice(0, 3).join(", ") || "nothing";
    return needed ? { fault: `its body is ${kinds}, which a tool cannot send` } : undefined;
  }
  const media = content[mediaType];
  return spread(
    document,
    isObject(media) ? media.schema : undefined,
    bare(mediaType),
    needed,
    text(found.value.description),
    reader,
    taken,
  );
}

function swaggerBody(
  document: ApiDocument,
  operation: Json,
  parameters: Json[],
  reader: SchemaReader,
  taken: Record<string, unknown>,
): Body | { fault: string } | undefined {
  const consumes = [operation.consumes, document.root.consumes].find(Array.isArray) as unknown[] | undefined;
  const whole = parameters.find((each) => each.in === "body");
  if (whole) {
    const mediaType = choose(strings(consumes)) ?? "application/json";
    return spread(
      document,
      whole.schema,
      bare(mediaType),
      whole.required === true,
      text(whole.description),
      reader,
      taken,
    );
  }
  if (!parameters.length) return undefined;
  const files = parameters.some((each) => each.type === "file");
  const schema: Json = {
    type: "object",
    properties: Object.fromEntries(
      parameters.map(({ name, in: _, required: __, ...rest }) => [
        said(name),
        rest.type === "file" ? { ...rest, type: "string", format: "binary" } : rest,
      ]),
    ),
    required: parameters.filter((each) => each.required === true).map((each) => said(each.name)),
  };
  return spread(
    document,
    schema,
    files || strings(consumes).includes(MULTIPART) ? MULTIPART : FORM,
    false,
    "",
    reader,
    taken,
  );
}

function spread(
  document: ApiDocument,
  schema: unknown,
  mediaType: string,
  needed: boolean,
  description: string,
  reader: SchemaReader,
  taken: Record<string, unknown>,
): Body | { fault: string } {
  const parts = mediaType.startsWith("text/") ? undefined : reader.objectParts(schema);
  const names = parts ? Object.keys(parts.properties) : [];
  const fits = names.every((name) => /^[A-Za-z0-9_.-]{1,64}$/.test(name) && !Object.hasOwn(taken, name));
  if (parts && names.length && fits) {
    const properties: Record<string, JsonSchema> = {};
    const args: { arg: string; name: string; file?: boolean }[] = [];
    for (const name of names) {
      const property = follow(document.root, parts.properties[name]);
      if ("value" in property && property.value.readOnly === true) continue;
      if (mediaType === MULTIPART && "value" in property && isFile(document.root, property.value)) {
        const note = "A file: artifact://<id> of one that an earlier call made or that was uploaded.";
        properties[name] = { type: "string", pattern: "^artifact://", description: note };
        args.push({ arg: name, name, file: true });
        continue;
      }
      properties[name] = reader.read(parts.properties[name], 1);
      args.push({ arg: name, name });
    }
    const required = parts.required.filter((name) => Object.hasOwn(properties, name));
    return {
      mediaType,
      from: { args },
      properties,
      required: needed || document.version === "2.0" ? required : [],
    };
  }
  if (mediaType === MULTIPART && !parts) return { fault: "its multipart body is not described as an object" };
  const arg = Object.hasOwn(taken, "body") ? "request_body" : "body";
  const value = mediaType.startsWith("text/") ? { type: "string" } : reader.read(schema, 1);
  if (description && !value.description) value.description = description.slice(0, 300);
  return { mediaType, from: { whole: arg }, properties: { [arg]: value }, required: needed ? [arg] : [] };
}

/** Prefers JSON, then forms, then text. Binary bodies are not supported. */
function choose(types: string[]): string | undefined {
  const find = (test: (type: string) => boolean) => types.find((type) => test(bare(type)));
  return (
    find((type) => type === "application/json") ??
    find((type) => type.endsWith("+json") || type === "*/*" || type === "application/*") ??
    find((type) => type === FORM) ??
    find((type) => type === MULTIPART) ??
    find((type) => type.startsWith("text/"))
  );
}

function bare(type: string): string {
  const plain = type.split(";")[0]!.trim().toLowerCase();
  return plain === "*/*" || plain === "application/*" ? "application/json" : plain;
}

function isFile(root: Json, schema: Json): boolean {
  if (schema.format === "binary" || schema.contentMediaType !== undefined || schema.type === "file") return true;
  const items = schema.items === undefined ? undefined : follow(root, schema.items);
  return items !== undefined && "value" in items && items.value.format === "binary";
}
