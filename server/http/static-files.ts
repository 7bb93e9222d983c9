/** Serves the built editor: its files, and `index.html` for page paths. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import type { Context, MiddlewareHandler } from "hono";
import { PatchbayError } from "../../runtime/error.ts";

/**
 * Serves a folder, with compressed variants where the build wrote them. Browsers cache files with a hash in their name
 * for a year. A path without an extension gets `index.html`. Rejects with `not_found`, or with `unavailable` when the
 * editor is not built.
 */
export function staticFiles(folder: string): (c: Context) => Promise<Response> {
  let serve: MiddlewareHandler | undefined;
  return async (c) => {
    const { path } = c.req;
    if (/^(?:|\.html)$/.test(extname(path)) || path.includes("%") || !(serve || existsSync(folder)))
      return page(folder);
    // The folder can appear after the start, when the build ends.
    serve ??= serveStatic({ root: folder, precompressed: true });
    c.header("cache-control", path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
    c.header("x-content-type-options", "nosniff");
    const found = await serve(c, async () => {});
    if (!found) throw new PatchbayError("not_found", `${path} was not found.`);
    return found;
  };
}

/** Serves the chat page, which only the origins `frames` may embed. It uses no cookies and no external resources. */
export function chatPage(folder: string): (c: Context, frames: string[]) => Response {
  return (_c, frames) =>
    page(
      folder,
      "chat.html",
      [
        "default-src 'none'",
        "script-src 'self'",
        // Styles that scripts set on elements are not inline styles.
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        `frame-ancestors ${frames.length > 0 ? ["'self'", ...frames].join(" ") : "'none'"}`,
      ].join("; "),
    );
}

function page(folder: string, name = "index.html", chatPolicy?: string): Response {
  const file = join(folder, name);
  if (!existsSync(file))
    throw new PatchbayError(
      "unavailable",
      "The editor is not built; run `npm run build`, or start the server with `npm start`.",
    );
  const html = readFileSync(file, "utf8");
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "content-security-policy": chatPolicy ?? policy(html),
      "x-content-type-options": "nosniff",
      ...(chatPolicy ? {} : { "x-frame-options": "DENY" }),
      "referrer-policy": chatPolicy ? "no-referrer" : "same-origin",
      "cross-origin-opener-policy": "same-origin",
    },
  });
}

/** Content security policy of the editor: own scripts only, with the hashes of inline scripts. */
function policy(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script]) => `'sha256-${createHash("sha256").update(script!).digest("base64")}'`,
  );
  return [
    "default-src 'self'",
    `script-src 'self' ${inline.join(" ")}`.trim(),
    // Monaco and the menus set styles on elements.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
