/** The base URL of an operation: of the document's servers, read against the one that the importer gave. */
import { PatchbayError } from "../../../runtime/error.ts";
import { urlTemplateFault } from "../../../runtime/http-request.ts";
import { type ApiDocument, isObject, type Json, text } from "./document.ts";

/**
 * The base URL without a slash at its end. `given` replaces the document's own server; a relative address and the
 * servers of an operation or path are read against it. Throws `bad_request` when there is no absolute address.
 */
export function serverUrl(
  document: ApiDocument,
  scopes: readonly Json[],
  given: string | undefined,
): { url: string } | { fault: string } {
  const own = scopes.map(({ servers }) => addresses(servers)).find((found) => found.length > 0);
  const declared = own ?? rootAddresses(document);
  const absolute = declared.find(isAbsolute);
  if (absolute !== undefined && (own || given === undefined)) return baseOf(absolute);
  const base = given ?? rootAddress(document);
  const origin = base === undefined ? undefined : absoluteUrl(base);
  if (!origin) {
    const found = base ?? declared[0];
    throw new PatchbayError(
      "bad_request",
      `The document names no absolute server${found ? ` (it says "${found.slice(0, 80)}")` : ""}. Say where the API is with "server".`,
      { path: "/server" },
    );
  }
  const relative = declared[0] ?? "";
  // "/" of the document says nothing beside an address that a person gave
  if (isAbsolute(relative) || relative === "" || (relative === "/" && !own)) return baseOf(origin.href);
  return baseOf(URL.parse(relative, origin)?.href ?? relative);
}

/** The absolute address of the document as a whole, where it has one: for its name. */
export function rootAddress(document: ApiDocument): string | undefined {
  return rootAddresses(document).find(isAbsolute);
}

function rootAddresses({ root, version }: ApiDocument): string[] {
  if (version !== "2.0") return addresses(root.servers);
  const schemes = Array.isArray(root.schemes) ? root.schemes.map(text) : [];
  const scheme = schemes.includes("https") || !schemes[0] ? "https" : schemes[0];
  const host = text(root.host)
    .replace(/^https?:\/\//i, "")
    .replace(/\/+$/, "");
  const path = text(root.basePath).replace(/^(?=[^/])/, "/");
  return host ? [`${scheme}://${host}${path}`] : path ? [path] : [];
}

/** The addresses of a list of servers, with the default (or first allowed) value of each variable. */
function addresses(servers: unknown): string[] {
  return (Array.isArray(servers) ? servers : []).filter(isObject).map(({ url, variables }) =>
    text(url).replaceAll(/\{([^{}]+)\}/g, (slot, name: string) => {
      const variable = isObject(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (!isObject(variable)) return slot;
      return text(variable.default) || (Array.isArray(variable.enum) && text(variable.enum[0])) || slot;
    }),
  );
}

function isAbsolute(address: string): boolean {
  return /^(?:https?:)?\/\//i.test(address);
}

function absoluteUrl(address: string): URL | undefined {
  const full = address.startsWith("//") ? `https:${address}` : address;
  return /^https?:\/\//i.test(full) && !/[{}]/.test(full) ? (URL.parse(full) ?? undefined) : undefined;
}

function baseOf(address: string): { url: string } | { fault: string } {
  const url = absoluteUrl(address);
  if (!url)
    return {
      fault: `its server "${address.slice(0, 80)}" is not an absolute address with a value for each variable: say where the API is with "server"`,
    };
  if (url.username || url.password) return { fault: "its server's address carries a user name" };
  url.search = "";
  url.hash = "";
  const base = url.href.replace(/\/+$/, "");
  const fault = urlTemplateFault(base);
  return fault ? { fault } : { url: base };
}
