/** Converts the body of an operation into arguments: one per property where possible, else one for the whole body. */
import type { JsonSchema } from "../../../runtime/tool.ts";
import type { BodyEncoding, OpenApiBinding } from "../stored-tool.ts";
import { type ApiDocument, follow, isObject, isTrue, type Json, said, text } from "./document.ts";
import { argumentName, describeSentName } from "./names.ts";
import { collectionStyle, styleOf } from "./parameters.ts";
import { type SchemaReader, strings } from "./schema.ts";

export interface Body {
  binding: NonNullable<OpenApiBinding["body"]>;
  properties: Record<string, JsonSchema>;
  required: string[];
  /** What the body allows beside its properties. */
  additional?: JsonSchema | true;
}

type Encodings = Record<string, BodyEncoding>;
interface Source {
  schema: unknown;
  mediaType: string;
  needed: boolean;
  description: string;
  encoding: Encodings;
}

const FORM = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data";

/** `undefined`: the operation has none. `taken`: the arguments that there are already. */
export function readBody(
  document: ApiDocument,
  operation: Json,
  bodyParameters: Json[],
  reader: SchemaReader,
  taken: Record<string, unknown>,
): Body | { fault: string } | undefined {
  const source =
    document.version === "2.0" ? swaggerBody(document, operation, bodyParameters) : requestBody(document, operation);
  return source && !("fault" in source) ? asArguments(document, source, reader, taken) : source;
}

function requestBody(document: ApiDocument, operation: Json): Source | { fault: string } | undefined {
  if (operation.requestBody === undefined) return undefined;
  const found = follow(document.root, operation.requestBody);
  if ("fault" in found) return found;
  const content = isObject(found.value.content) ? found.value.content : {};
  const mediaType = choose(Object.keys(content));
  const needed = isTrue(found.value.required);
  if (!mediaType) {
    const kinds = Object.keys(content).slice(0, 3).join(", ") || "nothing";
    return needed ? { fault: `its body is ${kinds}, which a tool cannot send` } : undefined;
  }
  const media = isObject(content[mediaType]) ? content[mediaType] : {};
  const encoding: Encodings = {};
  for (const [name, given] of Object.entries(isObject(media.encoding) ? media.encoding : {})) {
    if (!isObject(given)) continue;
    const each: BodyEncoding = {};
    if (given.style !== undefined || given.explode !== undefined) Object.assign(each, styleOf(given, "form"));
    if (text(given.contentType)) each.contentType = text(given.contentType);
    encoding[name] = each;
  }
  return {
    schema: media.schema,
    mediaType: bare(mediaType),
    needed,
    description: text(found.value.description),
    encoding,
  };
}

function swaggerBody(document: ApiDocument, operation: Json, parameters: Json[]): Source | undefined {
  const consumes = strings([operation.consumes, document.root.consumes].find(Array.isArray));
  const whole = parameters.find((each) => each.in === "body");
  if (whole) {
    const mediaType = bare(choose(consumes) ?? "application/json");
    return {
      schema: whole.schema,
      mediaType,
      needed: isTrue(whole.required),
      description: text(whole.description),
      encoding: {},
    };
  }
  if (!parameters.length) return undefined;
  const encoding: Encodings = {};
  const properties: Json = {};
  for (const { name, in: _, required: __, collectionFormat, ...schema } of parameters) {
    const isFileField = schema.type === "file";
    properties[said(name)] = isFileField ? { ...schema, type: "string", format: "binary" } : schema;
    if (schema.type === "array") encoding[said(name)] = collectionStyle(collectionFormat);
  }
  const required = parameters.filter((each) => isTrue(each.required)).map((each) => said(each.name));
  const isMultipart = parameters.some((each) => each.type === "file") || consumes.includes(MULTIPART);
  return {
    schema: { type: "object", properties, required },
    mediaType: isMultipart ? MULTIPART : FORM,
    needed: true,
    description: "",
    encoding,
  };
}

function asArguments(
  document: ApiDocument,
  { schema, mediaType, needed, description, encoding }: Source,
  reader: SchemaReader,
  taken: Record<string, unknown>,
): Body | { fault: string } {
  const parts = mediaType.startsWith("text/") ? undefined : reader.objectParts(schema);
  const names = parts ? Object.keys(parts.properties) : [];
  const encodings = () => (Object.keys(encoding).length ? { encoding } : {});
  if (parts && names.length && names.every((name) => !Object.hasOwn(taken, name))) {
    const properties: Record<string, JsonSchema> = {};
    const args: { arg: string; name: string; file?: boolean }[] = [];
    for (const name of names) {
      const property = follow(document.root, parts.properties[name]);
      if ("value" in property && isTrue(property.value.readOnly)) continue;
      const arg = argumentName(name, { ...taken, ...properties });
      const contentType = "value" in property ? text(property.value.contentMediaType) : "";
      if (mediaType === MULTIPART && contentType) encoding[name] = { contentType, ...encoding[name] };
      const isUpload =
        mediaType === MULTIPART && "value" in property && isFile(document.root, property.value, encoding[name]);
      const read = isUpload ? FILE : reader.read(parts.properties[name], 1);
      properties[arg] = describeSentName(read, arg, name, "body");
      args.push(isUpload ? { arg, name, file: true } : { arg, name });
    }
    const required = args.filter(({ name }) => needed && parts.required.includes(name)).map(({ arg }) => arg);
    const { additional } = parts;
    const open = additional !== undefined && additional !== false;
    return {
      binding: { mediaType, ...encodings(), from: open ? { args, open } : { args } },
      properties,
      required,
      ...(open && { additional: isObject(additional) ? reader.read(additional, 1) : true }),
    };
  }
  if (mediaType === MULTIPART && !parts) return { fault: "its multipart body is not described as an object" };
  const arg = Object.hasOwn(taken, "body") ? argumentName("request_body", taken) : "body";
  const value = mediaType.startsWith("text/") ? { type: "string" } : reader.read(schema, 1);
  if (description && !value.description) value.description = description.slice(0, 300);
  return {
    binding: { mediaType, ...encodings(), from: { whole: arg } },
    properties: { [arg]: value },
    required: needed ? [arg] : [],
  };
}

const FILE: JsonSchema = {
  type: "string",
  pattern: "^artifact://",
  description: "A file: artifact://<id> of one that an earlier call made or that was uploaded.",
};

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

/** Whether a field of a multipart body is a file: 3.0 says `format: binary`, 3.1 a media type that is no text. */
function isFile(root: Json, schema: Json, encoding: BodyEncoding | undefined): boolean {
  if (schema.format === "binary" || schema.type === "file") return true;
  const declared = schema.type === undefined && !isObject(schema.properties) ? encoding?.contentType : undefined;
  const mediaType = text(schema.contentMediaType) || declared || "";
  if (mediaType && !/json|xml|^text\/|x-www-form/.test(mediaType)) return true;
  const items = schema.items === undefined ? undefined : follow(root, schema.items);
  return items !== undefined && "value" in items && items.value.format === "binary";
}
