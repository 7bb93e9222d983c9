/**
 * Authenticates the admin, by the admin token or by a signed cookie that names a stored sign-in (`keys/sign-ins.ts`).
 * There is one admin. Sign-in codes are single-use and valid for ten minutes. A cookie survives restarts; it becomes
 * invalid at the sign-out and when the token changes.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import { PatchbayError } from "../../runtime/error.ts";
import { SIGN_IN_SECONDS } from "../keys/sign-ins.ts";
import { CallerLimit } from "../lib/caller-limit.ts";
import type { Env } from "../process/env.ts";
import { tokenFile } from "../process/server-file.ts";
import { readOrCreate } from "../secrets/key-file.ts";

const CODE_MS = 10 * 60_000;
const MAX_CODES = 100;
/** Wrong tokens per minute and caller before further ones get `rate_limited`. */
const MAX_WRONG_TOKENS = 20;

export interface Auth {
  /** The admin token. Never send it to a browser. */
  token: string;
  /** Creates a code for a sign-in link. */
  newCode(): string;
  /** Consumes a code. Returns false when it is unknown, used or expired. */
  redeem(code: string): boolean;
  /** Whether this is the admin token. Throws `rate_limited` after too many wrong tokens of this caller, never for the right one. */
  checkToken(token: string, caller: string): boolean;
  /** Whether an `Authorization` header has the admin token. */
  isAdmin(authorization: string | undefined): boolean;
  /** Whether an `Authorization` header has the token for the metrics. */
  readsMetrics(authorization: string | undefined): boolean;
  /** The id of the sign-in that a cookie names. Undefined without a cookie that this server signed. */
  signInOf(c: Context): Promise<string | undefined>;
  /** Sets the cookie. `secure`: for https only. */
  setCookie(c: Context, signIn: string, secure: boolean): Promise<void>;
  deleteCookie(c: Context, secure: boolean): void;
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
    maxAge: SIGN_IN_SECONDS,
    ...(secure && { prefix: "host", secure: true }),
  });
  const codes = new BoundedMap<string, number>(MAX_CODES);
  const wrongTokens = new CallerLimit(MAX_WRONG_TOKENS, clock);

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
    checkToken(given, caller) {
      if (timingSafeEqual(hash(given.trim()), digest)) return true;
      const retryAfter = wrongTokens.take(caller);
      if (retryAfter !== undefined)
        throw new PatchbayError("rate_limited", "Too many wrong tokens; try again in a minute.", { retryAfter });
      return false;
    },
    isAdmin: (authorization) => isBearer(authorization, digest),
    readsMetrics: (authorization) => metricsDigest !== undefined && isBearer(authorization, metricsDigest),
    async signInOf(c) {
      return (
        (await getSignedCookie(c, signingKey, cookieName)) ||
        (await getSignedCookie(c, signingKey, cookieName, "host")) ||
        undefined
      );
    },
    setCookie: (c, signIn, secure) => setSignedCookie(c, cookieName, signIn, signingKey, cookieOptions(secure)),
    deleteCookie(c, secure) {
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
