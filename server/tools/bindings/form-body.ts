/** Bodies of forms: `application/x-www-form-urlencoded` and `multipart/form-data`, with a document's `encoding`. */
import type { FileRef } from "../../../runtime/message.ts";
import { asText } from "../slots.ts";
import type { BodyEncoding } from "../stored-tool.ts";
import { formPairs } from "./serialize.ts";

export interface Media {
  ref: FileRef;
  bytes: Uint8Array;
}

type Encodings = Record<string, BodyEncoding>;

export function urlEncodedForm(fields: object, encodings: Encodings = {}): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => formPairs(name, styleOf(encodings[name], value), value))
    .map((pair) => pair.join("="))
    .join("&");
}

/** A part has the media type that the document gives it; without one an object is JSON. */
export function multipartForm(fields: object, encodings: Encodings = {}): { content: Uint8Array; mediaType: string } {
  const parts = Object.entries(fields).flatMap(([name, value]): Part[] => {
    const encoding = encodings[name];
    const type = concreteType(encoding?.contentType);
    if (encoding?.style)
      return formPairs(name, styleOf(encoding, value), value, (text) => text).map(([key, text]) => ({
        name: key,
        text,
      }));
    const items = Array.isArray(value) && !type?.includes("json") ? value : [value];
    return items.map((item) => {
      if (isMedia(item))
        return { name, file: item, type: item.ref.mediaType === OCTETS ? (type ?? OCTETS) : item.ref.mediaType };
      const isObject = item !== null && typeof item === "object";
      return { name, text: asText(item), type: type ?? (isObject ? "application/json" : undefined) };
    });
  });
  return encodeParts(parts);
}

const OCTETS = "application/octet-stream";

function styleOf(encoding: BodyEncoding | undefined, value: unknown): Parameters<typeof formPairs>[1] {
  const style = encoding?.style ?? "form";
  const isList = Array.isArray(value);
  // without a style a list repeats its field and an object is JSON
  if (!encoding?.style && (!isList || encoding?.contentType?.includes("json")))
    return { style, explode: true, json: isNested(value) };
  return { style, explode: encoding?.explode ?? style === "form" };
}

interface Part {
  name: string;
  type?: string;
  text?: string;
  file?: Media;
}

/** The boundary starts from the length of the fields and counts up until no field contains it. */
function encodeParts(parts: Part[]): { content: Uint8Array; mediaType: string } {
  const all = parts.map(({ name, text, file }) => name + (text ?? file?.ref.id)).join("\n");
  let n = all.length;
  while (all.includes(`patchbay-boundary-${n}`)) n++;
  const boundary = `patchbay-boundary-${n}`;
  const quoted = (text: string) => text.replaceAll(/["\r\n]/g, (c) => encodeURIComponent(c));
  const content = parts.flatMap(({ name, type, text, file }) => {
    const fileName = file ? `; filename="${quoted(file.ref.name)}"` : "";
    const typeLine = type ? `\r\nContent-Type: ${quoted(type)}` : "";
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${fileName}${typeLine}\r\n\r\n`;
    return [Buffer.from(head), file ? file.bytes : Buffer.from(text ?? ""), Buffer.from("\r\n")];
  });
  return {
    content: Buffer.concat([...content, Buffer.from(`--${boundary}--\r\n`)]),
    mediaType: `multipart/form-data; boundary=${boundary}`,
  };
}

/** The first of a list such as "image/png, image/jpeg" that is not a range. */
function concreteType(contentType: string | undefined): string | undefined {
  return contentType
    ?.split(",")
    .map((type) => type.trim())
    .find((type) => type && !type.includes("*"));
}

function isNested(value: unknown): boolean {
  return value !== null && typeof value === "object";
}

function isMedia(value: unknown): value is Media {
  return isNested(value) && "bytes" in (value as object) && (value as Media).bytes instanceof Uint8Array;
}
