/**
 * Visitors of a chat page. They have no account and no cookie; the page keeps a token for one agent and one session. The
 * token is signed and not stored, and has fewer rights than a key.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { sign, verify } from "hono/jwt";
import type { JWTPayload } from "hono/utils/jwt/types";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import { PatchbayError } from "../../runtime/error.ts";
import type { Publication } from "../contract/agent.ts";
import type { KeyLimits } from "../contract/key.ts";
import { CallerLimit } from "../lib/caller-limit.ts";
import { OPEN_LIMITS } from "./keys.ts";
import type { CallerKey, Keys } from "./service.ts";

const PREFIX = "pv_";
const LIFETIME_MS = 12 * 3_600_000;
/** A token that expired within this time may be exchanged for a fresh one of the same session. */
const RENEW_MS = 30 * 24 * 3_600_000;
const MINUTE = 60_000;
const LIMITS: Required<KeyLimits> = { ...OPEN_LIMITS, callsPerMinute: 120, liveRuns: 2, openStreams: 6 };
/** New visits per minute, agent and caller. An office can have one address. */
const VISITS_A_MINUTE = 120;

/** `link` changes each time that a page is shared by link anew. */
type Shared = Pick<Publication, "slug" | "link">;

/** Bytes that a visitor, and all visitors of an agent, may upload per day. */
const UPLOADS_A_DAY = { visitor: 50 * 2 ** 20, agent: 2 ** 30 };
const DAY = 24 * 3_600_000;

export interface Visit {
  token: string;
  session: string;
  /** Unix milliseconds. */
  expiresAt: number;
}

export interface Visitors {
  /** The value of `?key=` in the URL of an agent that is shared by link. */
  linkKey(publication: Shared): string;
  isLinkKey(publication: Shared, given: string | undefined): boolean;
  /**
   * Starts a session, or continues that of a token of this agent. Rejects with `rate_limited`. `caller`: by which visits
   * are counted.
   */
  visit(
    publication: Shared,
    options: { mayAnswer: boolean; admin: boolean; caller: string; renew?: string },
  ): Promise<Visit>;
  /** The visitor as a key; `admin`: the admin opened the page. Undefined when it is not a visitor's token. Rejects with `unauthorized`. */
  read(authorization: string | undefined): Promise<CallerKey> | undefined;
  /** Counts an upload. Throws `quota_exceeded` when a visitor, or all visitors of the agent, sent too much today. */
  countUpload(key: CallerKey, bytes: number): void;
  /** Adds visitors to `keys`. */
  among<K extends Keys & { limitsOf(id: string): Required<KeyLimits> }>(keys: K): K;
}

interface Claims extends JWTPayload {
  slug: string;
  link?: string;
  session: string;
  /** Unix seconds. */
  exp: number;
  answer: boolean;
  admin: boolean;
}

export function openVisitors(secret: string, now: () => number = Date.now): Visitors {
  const signing = createHmac("sha256", secret).update("patchbay visitors").digest();
  const signingKey = signing.toString("base64url");
  // Pages that were shared by an older version have no `link`.
  const linkKey = ({ slug, link }: Shared) =>
    createHmac("sha256", signing)
      .update(link === undefined ? `link ${slug}` : `link ${slug} ${link}`)
      .digest("base64url")
      .slice(0, 22);
  const begun = new CallerLimit(VISITS_A_MINUTE, now);
  const uploaded = new BoundedMap<string, { since: number; bytes: number }>(10_000);
  const held = new Map<string, { since: number; calls: number; streams: number }>();

  /** The claims of a token that we signed, whether or not it expired. */
  const claimsOf = async (token: string): Promise<Claims | undefined> => {
    if (!token.startsWith(PREFIX)) return undefined;
    try {
      return (await verify(token.slice(PREFIX.length), signingKey, { alg: "HS256", exp: false })) as Claims;
    } catch {
      return undefined;
    }
  };
  const readToken = async (token: string): Promise<CallerKey> => {
    const claims = await claimsOf(token);
    const expiresAt = (claims?.exp ?? 0) * 1000;
    if (!claims || now() >= expiresAt)
      throw new PatchbayError("unauthorized", "This visit has expired. Open the page again.");
    return {
      id: `visitor-${claims.session}`,
      name: "visitor",
      agents: [claims.slug],
      rights: claims.answer ? ["run", "answer"] : ["run"],
      expiresAt,
      prefix: PREFIX,
      createdAt: expiresAt - LIFETIME_MS,
      session: claims.session,
      admin: claims.admin,
      ...(claims.link !== undefined && { link: claims.link }),
    };
  };
  const usage = (session: string) => {
    const time = now();
    let one = held.get(session);
    if (!one || time - one.since >= MINUTE) {
      if (held.size > 10_000)
        for (const [key, old] of held) if (old.streams === 0 && time - old.since >= MINUTE) held.delete(key);
      one = { since: time, calls: 0, streams: one?.streams ?? 0 };
      held.set(session, one);
    }
    return one;
  };

  return {
    linkKey,
    isLinkKey(publication, given = "") {
      const expected = Buffer.from(linkKey(publication));
      return Buffer.byteLength(given) === expected.length && timingSafeEqual(Buffer.from(given), expected);
    },

    async visit({ slug, link }, { mayAnswer, admin, caller, renew }) {
      const time = now();
      const old = renew === undefined ? undefined : await claimsOf(renew);
      const kept = old && old.slug === slug && time - old.exp * 1000 < RENEW_MS ? old.session : undefined;
      if (kept === undefined) {
        const retryAfter = begun.take(`${slug} ${caller}`);
        if (retryAfter !== undefined)
          throw new PatchbayError(
            "rate_limited",
            "This page is opened too often from your network. Try again in a minute.",
            { retryAfter },
          );
      }
      const session = kept ?? `chat-${randomBytes(12).toString("base64url")}`;
      const exp = Math.floor((time + LIFETIME_MS) / 1000);
      const claims: Claims = { slug, ...(link !== undefined && { link }), session, exp, answer: mayAnswer, admin };
      return { token: PREFIX + (await sign(claims, signingKey)), session, expiresAt: exp * 1000 };
    },

    read(authorization) {
      return authorization !== undefined && /^bearer pv_/i.test(authorization)
        ? readToken(authorization.slice(7).trim())
        : undefined;
    },

    countUpload(key, bytes) {
      if (key.session === undefined) return;
      const time = now();
      const counts = [
        [`visitor ${key.session}`, UPLOADS_A_DAY.visitor],
        [`agent ${key.agents[0]}`, UPLOADS_A_DAY.agent],
      ] as const;
      const next = counts.map(([name, max]) => {
        const before = uploaded.get(name);
        const count = before && time - before.since < DAY ? before : { since: time, bytes: 0 };
        if (count.bytes + bytes > max)
          throw new PatchbayError(
            "quota_exceeded",
            "Too many files were uploaded here today. Send a smaller file, or try again tomorrow.",
          );
        return [name, { since: count.since, bytes: count.bytes + bytes }] as const;
      });
      for (const [name, count] of next) uploaded.set(name, count);
    },
    among(keys) {
      return {
        ...keys,
        count(key) {
          if (key.session === undefined) return keys.count(key);
          const one = usage(key.session);
          if (++one.calls > LIMITS.callsPerMinute)
            throw new PatchbayError("rate_limited", "Too many messages at once. Try again in a minute.", {
              retryAfter: (one.since + MINUTE - now()) / 1000,
            });
          return undefined;
        },
        openStream(key) {
          if (key.session === undefined) return keys.openStream(key);
          const { session } = key;
          const one = usage(session);
          if (one.streams >= LIMITS.openStreams)
            throw new PatchbayError(
              "rate_limited",
              "This conversation is open in too many windows. Close one of them.",
              { retryAfter: 5 },
            );
          one.streams++;
          let open = true;
          return {
            signal: new AbortController().signal,
            release() {
              const held = usage(session);
              if (open) held.streams = Math.max(0, held.streams - 1);
              open = false;
            },
          };
        },
        limitsOf: (id) => (id.startsWith("visitor-") ? LIMITS : keys.limitsOf(id)),
      };
    },
  };
}
