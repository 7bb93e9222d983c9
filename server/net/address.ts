/** The rules for addresses and URLs of the guarded client. Pure: does not look up names. */
import ipaddr from "ipaddr.js";
import { PatchbayError } from "../../runtime/error.ts";

/** Public by range, but the control plane of a cloud. */
const CONTROL_PLANE = new Set(["168.63.129.16"]);
/** Names of this machine or its cloud, with any address. */
const PRIVATE_NAMES = /^(?:localhost|.*\.localhost|.*\.local|.*\.internal|metadata|instance-data)$/;
const PUBLIC_V6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** Whether an address is on the public internet. False for a text that is not an address. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast") return false;
  if (parsed instanceof ipaddr.IPv6) return parsed.match(PUBLIC_V6);
  return !CONTROL_PLANE.has(parsed.toString());
}

/** The host of a URL in lower case, without brackets and without a final dot. */
export function bareHost(url: URL): string {
  return url.hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.+$/, "");
}

export function portOf(url: URL): number {
  if (url.port) return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** `host:port`, as in `PATCHBAY_ALLOW_HOSTS`. IPv6 in brackets. */
export function authority(url: URL): string {
  const host = bareHost(url);
  return `${host.includes(":") ? `[${host}]` : host}:${portOf(url)}`;
}

export interface AddressRules {
  /** Authorities that may be reached although they are private or on another port. */
  allowed: ReadonlySet<string>;
  /** Authorities of this server itself, which tools must not reach. */
  own: ReadonlySet<string>;
}

/** Parses what a person entered: `host:port`, a host (ports 80 and 443) or an origin. */
export function authorities(entries: Iterable<string>): Set<string> {
  const result = new Set<string>();
  for (const entry of entries) {
    const text = entry.trim();
    if (!text) continue;
    if (/^https?:\/\//i.test(text)) {
      if (URL.canParse(text)) result.add(authority(new URL(text)));
      continue;
    }
    const withPort = /:\d+$/.test(text) && !/^[^[]*:[^[]*:/.test(text);
    for (const scheme of ["http", "https"]) {
      const url = `${scheme}://${text.includes(":") && !withPort && !text.startsWith("[") ? `[${text}]` : text}`;
      if (URL.canParse(url)) result.add(authority(new URL(url)));
    }
  }
  return result;
}

/**
 * Checks a URL before its name is looked up: scheme, user info, port, host name and IP literals. Returns the parsed URL
 * and whether the operator allowed its authority. Throws `bad_request` when the text is not a URL,
 * `address_blocked` (with the fix) for an address that may not be reached.
 */
export function checkUrl(raw: string, rules: AddressRules): { url: URL; allowed: boolean } {
  if (hasControlCharacter(raw))
    throw new PatchbayError("bad_request", "The URL contains a line break or another control character.");
  if (!URL.canParse(raw)) throw new PatchbayError("bad_request", `"${shorten(raw)}" is not an absolute URL.`);
  const url = new URL(raw);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new PatchbayError("address_blocked", `Only http and https can be reached, not "${url.protocol}".`);
  if (url.username || url.password)
    throw new PatchbayError(
      "address_blocked",
      "A URL must not carry a user name or password; send them in a header from a secret.",
    );
  const where = authority(url);
  if (rules.allowed.has(where)) return { url, allowed: true };
  if (rules.own.has(where)) throw blocked(where, "is this server itself");
  const host = bareHost(url);
  const literal = ipaddr.isValid(host);
  if (literal ? !isPublicAddress(host) : PRIVATE_NAMES.test(host)) throw blocked(where, "is a private address");
  if (portOf(url) !== 80 && portOf(url) !== 443) throw blocked(where, "is on a port other than 80 and 443");
  return { url, allowed: false };
}

export function blocked(where: string, why: string): PatchbayError {
  return new PatchbayError(
    "address_blocked",
    `${where} ${why}. If tools may reach it, add ${where} to PATCHBAY_ALLOW_HOSTS.`,
  );
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true;
  return false;
}
