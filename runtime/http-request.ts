/**
 * Puts HTTP requests together from templates and values: the one way for the HTTP node, HTTP tools and OpenAPI tools.
 * The author's text alone decides the structure (host, path segments, query names, fields of the body); a value is
 * encoded for the position that it fills.
 */
import { type ErrorCode, PatchbayError } from "./error.ts";

/** A template language with its values. */
export interface Filler {
  /**
   * Fills a template. Each value is printed by `print`, and nothing but its result is inserted. `isEncoded`: the result
   * is percent-encoded afterwards, so filters that do that do nothing.
   */
  fill(template: string, print: (value: unknown) => string, isEncoded: boolean): string;
  /** The text of a value. */
  text(value: unknown): string;
  /** All values: what stands for them while the structure is read is in none of them. */
  values: unknown;
}

/** The kind of a body, by which its values are encoded. */
export type BodyKind = "json" | "form" | "xml" | "text";

const FIXED_ORIGIN = /^https?:\/\/[^\s/?#{}@\\]+(?=[/?#]|$)/i;

/** Why a template cannot be the URL of a request, as a sentence; undefined when it can. */
export function urlTemplateFault(template: string): string | undefined {
  const origin = FIXED_ORIGIN.exec(template)?.[0];
  if (origin === undefined || !URL.canParse(origin))
    return "The address must begin with http:// or https:// and a fixed host, without a user name.";
  const path = /^[^?#]*/.exec(template.slice(origin.length))![0];
  if (path.includes("\\")) return "The path of the address has a backslash.";
  return path.split("/").some(isDotSegment) ? 'The path of the address has a "." or ".." segment.' : undefined;
}

/**
 * Fills the template of a URL. A value stays within its path segment or query parameter. A parameter whose value is
 * null or absent is left out; a list repeats it. Throws an error with `code` for a path segment that would be empty,
 * "." or "..".
 */
export function fillUrl(template: string, filler: Filler, code: ErrorCode): string {
  const origin = FIXED_ORIGIN.exec(template)?.[0];
  if (origin === undefined) throw new PatchbayError("bad_request", urlTemplateFault(template)!);
  const filled = fillMarked(template.slice(origin.length), filler, true);
  const [, path, query] = /^([^?#]*)(?:\?([^#]*))?/s.exec(filled.template)!;
  const segments = path!.split("/").map((segment) => {
    const text = filled.resolve(segment, encodeText(filler));
    if (text === "" && segment !== "")
      throw badSegment(
        filled.resolve(path!, () => "{…}"),
        code,
      );
    return text;
  });
  const pairs = query === undefined ? [] : query.split("&").flatMap((pair) => fillPair(pair, filled, filler));
  return requestUrl(origin, segments.join("/"), pairs, code);
}

/**
 * Fills the template of a body. A body that is one value alone is that value. In a form a value stays within its
 * parameter, see `fillUrl`; in XML it is escaped. In JSON a value inside quotes is text, escaped; outside quotes it is a
 * JSON value, and text that is not JSON becomes a string.
 */
export function fillBody(template: string, kind: BodyKind, filler: Filler): string {
  const filled = fillMarked(template, filler, kind === "form");
  const whole = filled.whole(filled.template.trim());
  if (whole)
    return kind === "json" && typeof whole.value !== "string" ? jsonValue(whole.value) : filler.text(whole.value);
  switch (kind) {
    case "json":
      // a string, which may lack its end, or what stands between two strings
      return filled.template.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|[^"]+/gs, (part) =>
        filled.resolve(part, part.startsWith('"') ? (value) => inString(filler.text(value)) : jsonValue),
      );
    case "form":
      return filled.template
        .split("&")
        .flatMap((pair) => fillPair(pair, filled, filler))
        .join("&");
    case "xml":
      return filled.resolve(filled.template, (value) => escapeXml(filler.text(value)));
    case "text":
      return filled.resolve(filled.template, filler.text);
  }
}

/** The kind of a body by its content type. Without one: JSON when it begins with a bracket that the author wrote, else text. */
export function bodyKind(template: string, contentType: string | undefined): BodyKind {
  const type = contentType?.toLowerCase() ?? "";
  if (type.includes("json")) return "json";
  if (type.includes("x-www-form-urlencoded")) return "form";
  if (/[/+]xml\b/.test(type)) return "xml";
  if (type) return "text";
  const literal = template.replaceAll(/\{\{.*?\}\}/gs, "*").replaceAll(/\{%.*?%\}/gs, "");
  return /^\s*[[{]/.test(literal) ? "json" : "text";
}

/** The content type of a body without a header of its own. */
export function defaultContentType(body: string, kind: BodyKind): string {
  return kind === "json" || /^\s*[[{]/.test(body) ? "application/json" : "text/plain; charset=utf-8";
}

/**
 * The URL of a request from an absolute base and a path and query parameters that are encoded already. Throws an error
 * with `code` when the path would leave the base: another origin, a user name, a "." or ".." segment.
 */
export function requestUrl(base: string, path: string, query: readonly string[], code: ErrorCode): string {
  const joined = `${base.replace(/\/+$/, "")}${path === "" || path.startsWith("/") ? "" : "/"}${path}`;
  const url = `${joined}${query.length ? `?${query.join("&")}` : ""}`;
  if (path.split("/").some(isDotSegment)) throw badSegment(path, code);
  const [from, to] = [URL.parse(base), URL.parse(url)];
  const length = (text: string) => text.split("/").length;
  const isSame =
    from !== null &&
    to !== null &&
    to.origin === from.origin &&
    to.username + to.password + to.hash === "" &&
    // `new URL` adds the slash of an empty path
    length(to.pathname) === Math.max(length(joined.replace(/^[a-z]+:\/\/[^/]*/i, "")), 2);
  if (!isSame) throw new PatchbayError(code, `The address ${joined.slice(0, 200)} does not stay at ${base}.`);
  return url;
}

/** Percent-encodes everything but letters, digits and `-._~`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Whether `new URL` would drop the segment or climb: "." and "..", also percent-encoded. */
export function isDotSegment(segment: string): boolean {
  return /^(?:\.|%2e){1,2}$/i.test(segment);
}

function badSegment(path: string, code: ErrorCode): PatchbayError {
  return new PatchbayError(
    code,
    `A value must not be empty, "." or "..": it is part of the address (${path.slice(0, 200)}).`,
  );
}

/* ---- values as marks, so that the structure is known before any value is inserted ---- */

/** Characters that values may make in total. */
const MAX_FILLED = 8_000_000;

interface Filled {
  /** The filled template with a mark at the position of each value. */
  template: string;
  /** A part of it with its values, each encoded. */
  resolve(part: string, encode: (value: unknown) => string): string;
  /** The value of a part that is one mark. */
  whole(part: string): { value: unknown } | undefined;
}

function fillMarked(source: string, filler: Filler, isEncoded: boolean): Filled {
  const values: unknown[] = [];
  const known = source + JSON.stringify(filler.values);
  let open = "\u{e000}";
  while (known.includes(open)) open += "\u{e000}";
  const mark = new RegExp(`${open}(\\d+)\u{e001}`, "gu");
  const onlyMark = new RegExp(`^${mark.source}$`, "u");
  let length = 0;
  // a template may capture what it printed and print it again
  const plain = (value: unknown) =>
    typeof value === "string" && value.includes(open)
      ? value.replaceAll(mark, (_, n) => {
          const text = filler.text(values[Number(n)]);
          length += text.length;
          if (length > MAX_FILLED) throw new PatchbayError("too_large", "The filled template is too large.");
          return text;
        })
      : value;
  const template = filler.fill(source, (value) => `${open}${values.push(plain(value)) - 1}\u{e001}`, isEncoded);
  return {
    template,
    resolve: (part, encode) => part.replaceAll(mark, (_, n) => encode(values[Number(n)])),
    whole: (part) => {
      const n = onlyMark.exec(part)?.[1];
      return n === undefined ? undefined : { value: values[Number(n)] };
    },
  };
}

function fillPair(pair: string, filled: Filled, filler: Filler): string[] {
  const encode = encodeText(filler);
  const equals = pair.indexOf("=");
  if (equals < 0) return [filled.resolve(pair, encode)].filter(Boolean);
  const name = filled.resolve(pair.slice(0, equals), encode);
  const whole = filled.whole(pair.slice(equals + 1).trim());
  if (!whole) return [`${name}=${filled.resolve(pair.slice(equals + 1), encode)}`];
  if (whole.value === undefined || whole.value === null) return [];
  return (Array.isArray(whole.value) ? whole.value : [whole.value]).map((each) => `${name}=${encode(each)}`);
}

function encodeText(filler: Filler): (value: unknown) => string {
  return (value) => percentEncode(filler.text(value));
}

function jsonValue(value: unknown): string {
  return typeof value === "string" && isJson(value) ? value : JSON.stringify(value ?? null);
}

function inString(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // text
  }
}

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
