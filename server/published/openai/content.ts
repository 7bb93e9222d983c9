/** Message content in OpenAI's format: a string, or parts with text, images and files. */
import { PatchbayError } from "../../../runtime/error.ts";
import type { FileRef, Part } from "../../../runtime/message.ts";
import type { CallerKey } from "../../keys/service.ts";
import type { Files } from "../../stores/files.ts";

export interface Content {
  text: string;
  files: FileRef[];
}

const MAX_PARTS = 100;

/** Stores inline files for the key. Rejects with `bad_request` and the path of the invalid part. */
export async function readContent(value: unknown, path: string, files: Files, key: CallerKey): Promise<Content> {
  if (typeof value === "string") return { text: value, files: [] };
  if (!Array.isArray(value)) throw bad(path, "must be a string or an array of parts");
  if (value.length > MAX_PARTS) throw bad(path, `must have at most ${MAX_PARTS} parts`);
  const texts: string[] = [];
  const refs: FileRef[] = [];
  for (const [index, part] of value.entries()) {
    const at = `${path}/${index}`;
    const read = await readPart(part, at, files, key);
    if (typeof read === "string") texts.push(read);
    else refs.push(read);
  }
  return { text: texts.join("\n"), files: refs };
}

/** Converts content to the runtime's message format. */
export function toParts({ text, files }: Content): string | Part[] {
  if (files.length === 0) return text;
  return [
    ...(text ? [{ type: "text" as const, text }] : []),
    ...files.map((file) => ({ type: "file" as const, file })),
  ];
}

async function readPart(part: unknown, path: string, files: Files, key: CallerKey): Promise<string | FileRef> {
  if (typeof part !== "object" || part === null) throw bad(path, "must be an object");
  const { type, ...rest } = part as Record<string, unknown>;
  switch (type) {
    case "text":
    case "input_text":
    case "output_text":
      if (typeof rest.text !== "string") throw bad(`${path}/text`, "must be a string");
      return rest.text;
    case "image_url":
    case "input_image": {
      if (typeof rest.file_id === "string") return storedFile(rest.file_id, `${path}/file_id`, files, key);
      const image = rest.image_url as { url?: unknown } | string | undefined;
      const url = typeof image === "string" ? image : image?.url;
      return inlineFile(url, `${path}/image_url`, "image", files, key);
    }
    case "file":
    case "input_file": {
      const file = (type === "file" ? rest.file : rest) as Record<string, unknown> | undefined;
      if (typeof file?.file_id === "string") return storedFile(file.file_id, `${path}/file_id`, files, key);
      const name = typeof file?.filename === "string" ? file.filename : "file";
      return inlineFile(file?.file_data, `${path}/file_data`, name, files, key);
    }
    default:
      throw bad(`${path}/type`, `"${String(type).slice(0, 50)}" is not supported; use text, image_url or file`);
  }
}

async function storedFile(id: string, path: string, files: Files, key: CallerKey): Promise<FileRef> {
  const found = await files.get(id).catch(() => undefined);
  // A file of another key is reported as not found.
  if (!found || found.owner !== key.id)
    throw bad(path, `"${id.slice(0, 100)}" was not found; upload the file to /v1/files first`);
  return found.ref;
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w=.-]+)*;base64,([A-Za-z0-9+/]*={0,2})$/;

async function inlineFile(url: unknown, path: string, name: string, files: Files, key: CallerKey): Promise<FileRef> {
  if (typeof url !== "string") throw bad(path, "must be a base64 data: URL, or use file_id of an uploaded file");
  if (/^https?:/i.test(url)) {
    throw bad(
      path,
      "must not be a web address, because the server does not download files. Send a base64 data: URL, or upload the file to /v1/files",
    );
  }
  const match = DATA_URL.exec(url);
  if (!match) throw bad(path, "must be a base64 data: URL");
  const mediaType = match[1] ?? "application/octet-stream";
  const extension = name.includes(".") ? "" : `.${mediaType.split("/")[1]!.replace(/[^a-z0-9]/gi, "") || "bin"}`;
  return files.put({ mediaType, name: `${name}${extension}`, bytes: Buffer.from(match[2]!, "base64"), owner: key.id });
}

export function bad(path: string, what: string): PatchbayError {
  return new PatchbayError("bad_request", `At ${path}: ${what}.`, { path });
}
