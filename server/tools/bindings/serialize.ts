/** Serializes arguments as an OpenAPI document declares: `style` and `explode` of parameters and of form fields. */
import { PatchbayError } from "../../../runtime/error.ts";
import { percentEncode } from "../../../runtime/http-request.ts";
import { asText } from "../slots.ts";
import type { ApiParameter } from "../stored-tool.ts";

type Style = Pick<ApiParameter, "style" | "explode" | "json">;
type Encode = (text: string) => string;

/** Name and value of each query parameter or form field, encoded. An empty list or object gives none. */
export function formPairs(
  name: string,
  { style, explode, json }: Style,
  value: unknown,
  encode: Encode = percentEncode,
): [name: string, value: string][] {
  const text = (each: unknown) => encode(asText(each));
  if (json) return [[encode(name), encode(JSON.stringify(value))]];
  if (!isNested(value)) return [[encode(name), text(value)]];
  if (style === "deepObject") return deepPairs(name, value).map(([key, each]) => [encode(key), text(each)]);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  if (!entries.length) return [];
  if (explode) return entries.map(([key, each]) => [encode(Array.isArray(value) ? name : key), text(each)]);
  const separator = style === "spaceDelimited" ? encode(" ") : style === "pipeDelimited" ? encode("|") : ",";
  const items = Array.isArray(value) ? value.map(text) : entries.flatMap(([key, each]) => [encode(key), text(each)]);
  return [[encode(name), items.join(separator)]];
}

/** `address[city]`, `items[0][price]`: the specification leaves lists open; servers read an index. */
function deepPairs(name: string, value: unknown): [string, unknown][] {
  if (!isNested(value)) return value === undefined ? [] : [[name, value]];
  return Object.entries(value).flatMap(([key, each]) => deepPairs(`${name}[${key}]`, each));
}

/** The value of a path parameter (RFC 6570), encoded. Throws `bad_arguments` when nothing is left of it. */
export function pathValue({ name, arg, style, explode, json }: ApiParameter, value: unknown): string {
  const text = (each: unknown) => percentEncode(asText(each));
  const key = percentEncode(name);
  const isList = Array.isArray(value);
  const entries = isNested(value) && !json ? Object.entries(value) : undefined;
  const items = !entries
    ? [json ? percentEncode(JSON.stringify(value)) : text(value)]
    : isList
      ? entries.map(([, each]) => text(each))
      : entries.flatMap(([each, item]) =>
          explode ? [`${percentEncode(each)}=${text(item)}`] : [percentEncode(each), text(item)],
        );
  if (items.join("") === "")
    throw new PatchbayError("bad_arguments", `"${arg}" must not be empty: it is part of the address.`);
  if (style === "label") return `.${items.join(explode ? "." : ",")}`;
  if (style !== "matrix") return items.join(",");
  if (explode && entries) return items.map((item) => (isList ? `;${key}=${item}` : `;${item}`)).join("");
  return `;${key}=${items.join(",")}`;
}

/** The value of a header or cookie: lists by commas, objects as `k,v` or `k=v`. */
export function simpleValue({ json, explode }: Style, value: unknown): string {
  if (json) return JSON.stringify(value);
  if (Array.isArray(value)) return value.map(asText).join(",");
  if (!isNested(value)) return asText(value);
  return Object.entries(value)
    .map(([key, each]) => (explode ? `${key}=${asText(each)}` : `${key},${asText(each)}`))
    .join(",");
}

function isNested(value: unknown): value is object {
  return value !== null && typeof value === "object";
}
