/**
 * Authenticates the admin, by the admin token or by a cookie signed with it. There is one admin. Sign-in codes are
 * single-use and valid for ten minutes. The cookie survives restarts and becomes invalid when the token changes.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import { PatchbayError } from "../../runtime/error.ts";
import type { Env } from "../process/env.ts";
import { tokenFile } from "../process/server-file.ts";
import { readOrCreate } from "../secrets/key-file.ts";

const CODE_MS = 10 * 60_000;
const COOKIE_SECONDS = 90 * 24 * 3600;
const MAX_CODES = 100;
/** Wrong tokens per minute before further ones are refused. */
const MAX_WRONG_TOKENS = 20;

export interface Auth {
  /** The admin token. Never send it to a browser. */
  token: string;
  /** Creates a code for a sign-in link. */
  newCode(): string;
  /** Consumes a code. Returns false when it is unknown, used or expired. */
  redeem(code: string): boolean;
  /** Whether this is the admin token. Throws `rate_limited` after too many wrong tokens. */
  checkToken(token: string): boolean;
  /** Whether an `Authorization` header has the admin token. */
  isAdmin(authorization: string | undefined): boolean;
  /** Whether an `Authorization` header has the token for the metrics. */
  readsMetrics(authorization: string | undefined): boolean;
  /** Whether the request has a valid sign-in cookie. */
  isSignedIn(c: Context): Promise<boolean>;
  /** Sets the cookie. `secure`: for https only. */
  signIn(c: Context, secure: boolean): Promise<void>;
  signOut(c: Context, secure: boolean): void;
}

export function openAuth(
  env: Pick<Env, "token" | "metricsToken" | "dataDir">,
  clock: () => number = () => performance.now(),
): Auth {
  const token =
    env.token ?? readOrCreate(tokenFile(env.dataDir), () => `pbadmin_${randomBytes(32).toString("base64url")}`);
  const digest = hash(token);
  const metricsDigest = env.metricsToken === undefined ? undefined : hash(env.metricsToken);
  const signingKey = createHmac("sha256", token).update("patchbay cookie").digest("base64url");
  // Cookies are not separated by port: two servers on one machine need different cookie names.
  const cookieName = `patchbay-${digest.subarray(0, 4).toString("hex")}`;
  const cookieOptions = (secure: boolean): CookieOptions => ({
    httpOnly: true,
    sameSite: "Lax",
    maxAge: COOKIE_SECONDS,
    ...(secure && { prefix: "host", secure: true }),
  });
  const codes = new BoundedMap<string, number>(MAX_CODES);
  const wrongTokens: number[] = [];

  return {
    token,
    newCode() {
      const code = randomBytes(24).toString("base64url");
      codes.set(hash(code).toString("hex"), clock() + CODE_MS);
      return code;
    },
    redeem(code) {
      const key = hash(code).toString("hex");
      const until = codes.get(key);
      codes.delete(key);
      return until !== undefined && clock() <= until;
    },
    checkToken(given) {
      const now = clock();
      while (wrongTokens.length > 0 && wrongTokens[0]! < now - 60_000) wrongTokens.shift();
      if (wrongTokens.length >= MAX_WRONG_TOKENS)
        throw new PatchbayError("rate_limited", "Too many wrong tokens; try again in a minute.", { retryAfter: 60 });
      if (timingSafeEqual(hash(given.trim()), digest)) return true;
      wrongTokens.push(now);
      return false;
    },
    isAdmin: (authorization) => isBearer(authorization, digest),
    readsMetrics: (authorization) => metricsDigest !== undefined && isBearer(authorization, metricsDigest),
    async isSignedIn(c) {
      const issued =
        (await getSignedCookie(c, signingKey, cookieName)) ||
        (await getSignedCookie(c, signingKey, cookieName, "host"));
      const age = Date.now() / 1000 - Number(issued || Number.NaN);
      return age > -300 && age < COOKIE_SECONDS;
    },
    signIn: (c, secure) =>
      setSignedCookie(c, cookieName, String(Math.floor(Date.now() / 1000)), signingKey, cookieOptions(secure)),
    signOut(c, secure) {
      deleteCookie(c, cookieName, cookieOptions(secure));
    },
  };
}

function isBearer(authorization: string | undefined, digest: Buffer): boolean {
  return (
    authorization !== undefined &&
    /^bearer /i.test(authorization) &&
    timingSafeEqual(hash(authorization.slice(7).trim()), digest)
  );
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
