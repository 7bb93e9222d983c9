/** The built editor: its files, and `index.html` for every address that is a page of its own. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { extname, join, normalize, sep } from "node:path";
import { Readable } from "node:stream";
import type { Context } from "hono";
import { PatchbayError } from "../../runtime/error.ts";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".woff": "font/woff",
  ".ttf": "font/ttf",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
};

/** Best first. The build puts each larger file there in these shapes too. */
const PACKED = [
  { encoding: "br", ending: ".br" },
  { encoding: "gzip", ending: ".gz" },
];

/**
 * Serves a folder. What the build has packed is sent packed to who takes it. Files with a hash in their name are kept by browsers for a year. A path without an extension is a
 * page: it gets `index.html`. Throws `not_found`, and `unavailable` while nothing is built.
 */
export function staticFiles(folder: string): (c: Context) => Response {
  return (c) => {
    let path: string;
    try {
      path = normalize(decodeURIComponent(c.req.path));
    } catch {
      throw new PatchbayError("not_found", "There is no such page.");
    }
    const file = join(folder, path);
    if (path.includes("\0") || !file.startsWith(folder + sep)) return page(folder);
    if (extname(path) === "" || !isFile(file)) {
      if (extname(path) !== "") throw new PatchbayError("not_found", `There is no ${path}.`);
      return page(folder);
    }
    const accepted = c.req.header("accept-encoding");
    const packed = PACKED.find(({ encoding, ending }) => takes(accepted, encoding) && isFile(file + ending));
    const sent = file + (packed?.ending ?? "");
    const headers = {
      "content-type": TYPES[extname(path)] ?? "application/octet-stream",
      "content-length": String(statSync(sent).size),
      ...(packed && { "content-encoding": packed.encoding }),
      vary: "accept-encoding",
      "cache-control": path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
      "x-content-type-options": "nosniff",
    };
    if (c.req.method === "HEAD") return new Response(null, { headers });
    return new Response(Readable.toWeb(createReadStream(sent)) as ReadableStream, { headers });
  };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Whether an Accept-Encoding header names an encoding, and not to refuse it. */
function takes(header: string | undefined, encoding: string): boolean {
  return (header ?? "").split(",").some((part) => {
    const [name, ...settings] = part
      .toLowerCase()
      .split(";")
      .map((word) => word.trim());
    return name === encoding && !settings.some((setting) => /^q=0(?:\.0*)?$/.test(setting));
  });
}

/** The chat page, which only `frames` may frame. It holds no cookie and takes nothing from elsewhere. */
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

/** Scripts come from here alone; the page's own inline scripts are let in by their hashes. */
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
