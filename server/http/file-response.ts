/** A stored file as a response. */
import type { Files } from "../stores/files.ts";

/** Types that a browser may display; all others are downloaded. SVG and HTML are not listed: they can run scripts. */
const INLINE_TYPES =
  /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain|application\/json)$/;

/** Sends a stored file so that a browser runs no code in it. */
export async function fileResponse(files: Files, id: string): Promise<Response> {
  const { ref, bytes } = await files.get(id);
  const type = ref.mediaType.replace(/;.*$/s, "").trim().toLowerCase();
  const isInline = INLINE_TYPES.test(type);
  return new Response(new Uint8Array(bytes), {
    headers: {
      "content-type": isInline
        ? type.startsWith("text/")
          ? `${type}; charset=utf-8`
          : type
        : "application/octet-stream",
      "content-disposition": `${isInline ? "inline" : "attachment"}; filename*=UTF-8''${encodeURIComponent(ref.name.toWellFormed())}`,
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
    },
  });
}
