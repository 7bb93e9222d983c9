/** Reads an OpenAPI document from an object or text, with limits. References outside the document are not followed. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { PatchbayError } from "../../../runtime/error.ts";
import { resolveRef } from "../../../runtime/json-schema.ts";

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 200;
const MAX_NODES = 2_000_000;
const MAX_ALIASES = 1_000;

export type Json = { [key: string]: unknown };

export interface ApiDocument {
  root: Json;
  version: "2.0" | "3.0" | "3.1";
}

/** Throws `bad_request` or `too_large`. */
export function readDocument(input: unknown): ApiDocument {
  const root = typeof input === "string" ? parseText(input) : input;
  if (!isObject(root)) throw wrong("It is not an object.");
  checkShape(root);
  const swagger = text(root.swagger);
  if (/^2(?:\.0|$)/.test(swagger)) return { root, version: "2.0" };
  const version = text(root.openapi);
  if (/^3(?:\.0|$)/.test(version)) return { root, version: "3.0" };
  if (/^3\.[12]/.test(version)) return { root, version: "3.1" };
  throw wrong(
    `It says ${version || swagger ? `${version ? "openapi" : "swagger"}: ${(version || swagger).slice(0, 20)}` : "neither openapi nor swagger"}; OpenAPI 3.0, 3.1 and Swagger 2.0 can be read.`,
  );
}

function parseText(text: string): unknown {
  if (text.length > MAX_BYTES)
    throw new PatchbayError("too_large", `The document is larger than ${MAX_BYTES / 1024 / 1024} MiB.`);
  if (/^\s*\{/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // YAML in flow style begins with a brace too: it says better what is wrong
    }
  }
  try {
    // The core schema reads dates as text, also in a document that says it is YAML 1.1.
    const document = parseDocument(text, {
      uniqueKeys: true,
      strict: true,
      merge: true,
      schema: "core",
      logLevel: "silent",
    });
    const first = document.errors[0];
    if (first) throw wrong(first.message.split("\n")[0]!);
    checkExpansion(document);
    keepTextValues(document);
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (thrown) {
    if (thrown instanceof PatchbayError) throw thrown;
    throw wrong(
      thrown instanceof RangeError ? "It nests too deep." : thrown instanceof Error ? thrown.message : String(thrown),
    );
  }
}

/** Checks the size with every alias and merge key written out, before that is done. */
function checkExpansion(document: Document): void {
  const sizes = new Map<unknown, number>();
  const size = (node: unknown): number => {
    if (isPair(node)) return size(node.key) + size(node.value);
    if (isAlias(node)) return size(node.resolve(document));
    if (!isMap(node) && !isSeq(node)) return 1;
    let sum = sizes.get(node);
    if (sum === undefined) {
      sizes.set(node, MAX_NODES); // an alias of itself
      sum = 1;
      for (const item of node.items) sum += size(item);
      sizes.set(node, sum);
    }
    if (sum > MAX_NODES) throw new PatchbayError("too_large", `The document has more than ${MAX_NODES} parts.`);
    return sum;
  };
  size(document.contents);
}

/** `enum: [1.0, true]` of a text: the author left out the quotes. */
function keepTextValues(document: Document): void {
  const asWritten = (node: unknown) => {
    if (isScalar(node) && typeof node.value !== "string" && node.value !== null && node.source)
      node.value = node.source;
  };
  visit(document, {
    Map(_, map: YAMLMap<unknown, unknown>) {
      if (map.get("type") !== "string") return;
      for (const key of ["enum", "default", "const"]) {
        const value = map.get(key, true) as Node | undefined;
        if (isSeq(value)) value.items.forEach(asWritten);
        else asWritten(value);
      }
    },
  });
}

/** Checks depth, size and keys. Aliases of a YAML document count each time, which stops an alias bomb. */
function checkShape(root: unknown): void {
  let nodes = 0;
  const walk = (value: unknown, depth: number): void => {
    if (value === null || typeof value !== "object") return;
    if (depth > MAX_DEPTH) throw wrong(`It nests deeper than ${MAX_DEPTH}.`);
    if (++nodes > MAX_NODES) throw new PatchbayError("too_large", `The document has more than ${MAX_NODES} parts.`);
    if (Array.isArray(value)) {
      for (const item of value) walk(item, depth + 1);
      return;
    }
    for (const key of Object.keys(value)) {
      if (key === "__proto__") throw wrong('It has a key "__proto__".');
      walk((value as Json)[key], depth + 1);
    }
  };
  walk(root, 0);
}

/** Follows local references; a fault for any other. */
export function follow(root: Json, value: unknown): { value: Json } | { fault: string } {
  let at = value;
  for (let hops = 0; hops < 20; hops++) {
    if (!isObject(at)) return { fault: "it is not an object" };
    const ref = at.$ref;
    if (ref === undefined) return { value: at };
    if (typeof ref !== "string" || !ref.startsWith("#/"))
      return { fault: `it refers to ${said(ref).slice(0, 80)}, outside of the document` };
    at = resolveRef(root, ref);
    if (at === undefined) return { fault: `it refers to ${ref.slice(0, 80)}, which is not there` };
  }
  return { fault: "its references lead in a circle" };
}

export function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Text without space around it. A number or a boolean, which YAML makes of text without quotes, is text too. */
export function text(value: unknown): string {
  if (typeof value === "string") return value.trim();
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** `true`, also as text. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === "string" && /^(?:true|yes|on)$/i.test(value));
}

/** Text as it is, any other value as JSON. Never throws (`String` does on an object with a key `toString`). */
export function said(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function wrong(why: string): PatchbayError {
  return new PatchbayError("bad_request", `The OpenAPI document cannot be read. ${why}`, { path: "/openapi" });
}
