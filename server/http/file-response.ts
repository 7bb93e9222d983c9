/** A stored file as a response. */
import type { Files } from "../stores/files.ts";

/** What a browser may show in place; everything else is downloaded. No SVG, no HTML: they run scripts. */
const SHOWN =
  /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain|application\/json)$/;

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
