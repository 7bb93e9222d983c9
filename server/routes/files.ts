/** Files: uploads to a run or a chat, and what runs made. */
import { Hono } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import { FileRef } from "../../runtime/message.ts";
import { about } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { uploads } from "../http/uploads.ts";
import type { Services } from "../services.ts";
import type { Files } from "../stores/files.ts";

/** What a browser may show in place; everything else is downloaded. No SVG, no HTML: they run scripts. */
const SHOWN =
  /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain|application\/json)$/;

export function fileRoutes({ files }: Pick<Services, "files">) {
  return new Hono<AppEnv>()
    .post(
      "/",
      about({
        summary: "Upload a file",
        tag: "files",
        body: { media: "multipart/form-data", description: "One file of up to 100 MiB." },
        gives: FileRef,
        status: 201,
        errors: { 413: "It is too large." },
      }),
      async (c) => {
        const { files: sent } = await uploads(c);
        if (sent.length > 1) throw new PatchbayError("bad_request", "Send one file at a time.");
        return c.json(await files.put(sent[0]!), 201);
      },
    )
    .get(
      "/:id",
      about({
        summary: "Get a file's bytes",
        tag: "files",
        gives: "application/octet-stream",
        errors: { 404: "There is none." },
      }),
      async (c) => await fileAnswer(files, c.req.param("id")),
    )
    .delete(
      "/:id",
      about({ summary: "Delete a file", tag: "files", gives: null, status: 204, errors: { 404: "There is none." } }),
      async (c) => {
        if (!(await files.delete(c.req.param("id"))))
          throw new PatchbayError("not_found", `There is no file "${c.req.param("id")}".`);
        return c.body(null, 204);
      },
    );
}

/** A stored file as an answer that no browser runs anything of. */
export async function fileAnswer(files: Files, id: string): Promise<Response> {
  const { ref, bytes } = await files.get(id);
  const type = ref.mediaType.replace(/;.*$/s, "").trim().toLowerCase();
  const shown = SHOWN.test(type);
  return new Response(new Uint8Array(bytes), {
    headers: {
      "content-type": shown ? (type.startsWith("text/") ? `${type}; charset=utf-8` : type) : "application/octet-stream",
      "content-disposition": `${shown ? "inline" : "attachment"}; filename*=UTF-8''${encodeURIComponent(ref.name)}`,
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
    },
  });
}
