/** Sign-in by link or by token, sign-out, and new sign-in links for `patchbay login`. */
import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import type { Auth } from "../http/auth.ts";
import { callerOf } from "../http/caller.ts";
import { describe, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { readJson } from "../http/intake.ts";
import { signInPage } from "../http/sign-in-page.ts";
import type { Env } from "../process/env.ts";
import type { Services } from "../services.ts";

type SignInDeps = Pick<Services, "env" | "signIns"> & { auth: Auth };

const Where = z.object({
  everywhere: z.stringbool().default(false).describe("Signs all browsers out, not this one only."),
});

export function signInRoutes(deps: SignInDeps) {
  const { auth, signIns, env } = deps;
  return new Hono<AppEnv>()
    .get("/sign-in", (c) => page(c))
    .post("/sign-in", async (c) => {
      const { token } = (await readJson(c, 4096)) as { token?: unknown };
      if (typeof token !== "string" || !auth.checkToken(token, callerOf(c, env)))
        throw new PatchbayError("unauthorized", "Wrong admin token.");
      await signIn(c, deps);
      return c.json({ ok: true });
    })
    .post(
      "/api/sign-out",
      describe({ summary: "Sign this browser out", tag: "sign-in", response: null, status: 204 }),
      query(Where),
      async (c) => {
        const id = await auth.signInOf(c);
        if (c.req.valid("query").everywhere) await signIns.endAll();
        else if (id !== undefined) await signIns.end(id);
        auth.deleteCookie(c, isSecure(c, env));
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
export async function signInByCode(c: Context, code: string, deps: SignInDeps): Promise<Response> {
  if (!deps.auth.redeem(code)) return page(c, true);
  await signIn(c, deps);
  c.header("Cache-Control", "no-store");
  c.header("Referrer-Policy", "no-referrer");
  return c.redirect("/", 303);
}

async function signIn(c: Context, { auth, signIns, env }: SignInDeps): Promise<void> {
  await auth.setCookie(c, await signIns.create(), isSecure(c, env));
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
