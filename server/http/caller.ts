/** The network address of a caller, by which limits count callers without a key. */
import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import ipaddr from "ipaddr.js";

/**
 * An IPv4 address, or the /64 network of an IPv6 address: one machine has all addresses of such a network. Behind a
 * trusted proxy, the last address of `X-Forwarded-For`: the proxy added it; the client can have written those before it.
 */
export function callerOf(c: Context, { trustProxy }: { trustProxy: boolean }): string {
  const forwarded = trustProxy ? c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim() : undefined;
  // Requests without a socket come from this process.
  const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage };
  return network(forwarded) ?? network(incoming?.socket.remoteAddress) ?? "local";
}

function network(text = ""): string | undefined {
  // Some proxies add the port.
  const address = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, "$1");
  if (!ipaddr.isValid(address)) return undefined;
  const parsed = ipaddr.process(address);
  if (!("parts" in parsed)) return parsed.toString();
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":")}::/64`;
}
