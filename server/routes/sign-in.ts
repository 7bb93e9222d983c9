/** Sign-in by link or by token, sign-out, and new sign-in links for `patchbay login`. */
import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import type { Auth } from "../http/auth.ts";
import { describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { readJson } from "../http/intake.ts";
import { signInPage } from "../http/sign-in-page.ts";
import type { Env } from "../process/env.ts";

export function signInRoutes(auth: Auth, env: Env) {
  return new Hono<AppEnv>()
    .get("/sign-in", (c) => page(c))
    .post("/sign-in", async (c) => {
      const { token } = (await readJson(c, 4096)) as { token?: unknown };
      if (typeof token !== "string" || !auth.checkToken(token))
        throw new PatchbayError("unauthorized", "Wrong admin token.");
      await auth.signIn(c, isSecure(c, env));
      return c.json({ ok: true });
    })
    .post(
      "/api/sign-out",
      describe({ summary: "Sign this browser out", tag: "sign-in", response: null, status: 204 }),
      (c) => {
        auth.signOut(c, isSecure(c, env));
        return c.body(null, 204);
      },
    )
    .post(
      "/api/sign-in-links",
      describe({
        summary: "Create a sign-in link: single-use, valid for ten minutes",
        tag: "sign-in",
        response: z.object({ url: z.string() }),
      }),
      (c) => c.json({ url: signInUrl(env.url ?? new URL(c.req.url).origin, auth.newCode()) }),
    );
}

/** Handles a sign-in link: signs in and redirects to `/`, or shows that the link is used or expired. */
export async function signInByCode(c: Context, code: string, auth: Auth, env: Env): Promise<Response> {
  if (!auth.redeem(code)) return page(c, true);
  await auth.signIn(c, isSecure(c, env));
  c.header("Cache-Control", "no-store");
  c.header("Referrer-Policy", "no-referrer");
  return c.redirect("/", 303);
}

/** The sign-in page in the browser's language. */
export function page(c: Context, usedCode = false): Response {
  return signInPage({ acceptLanguage: c.req.header("accept-language"), lang: c.req.query("lang"), usedCode });
}

/** The sign-in link for a code. */
export function signInUrl(origin: string, code: string): string {
  return `${origin}/?code=${code}`;
}

/** Whether the browser uses https, so that the cookie can be secure. */
function isSecure(c: Context, env: Env): boolean {
  return env.url?.startsWith("https:") === true && new URL(env.url).host === c.req.header("host");
}
