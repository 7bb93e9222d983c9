/** The records of a knowledge and its documents, and reading a document from its source. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { PatchbayError } from "../../runtime/error.ts";
import type { KnowledgeDocument } from "../contract/knowledge.ts";
import type { Net } from "../net/safe-fetch.ts";
import { plainType, typeOf } from "./parsers/charset.ts";
import { parserFor } from "./parsers/index.ts";
import { parseDocument } from "./parsers/parse.ts";
import type { Knowledge } from "./service.ts";

export const KNOWLEDGE = "knowledge";
export const DOCUMENT = "knowledge-document";
export const MAX_BYTES = 100 * 1024 * 1024;
const MAX_TITLE = 300;
const FETCH_TIMEOUT_MS = 30_000;

export interface KnowledgeRecord {
  /** Unique forever. Data of a knowledge refers to it, so a new knowledge of the same name inherits nothing. */
  uid: string;
  embedder?: string;
  /** Earlier names. Graphs and published versions that use one still find it. */
  aliases?: string[];
  /** Name of the index's table; a reindex makes another. */
  table: string;
  /** `PASSAGES_VERSION` of the table's passages. */
  passages: string;
}

/** Parent: the uid of its knowledge. */
export interface DocumentRecord extends Omit<KnowledgeDocument, "id" | "updatedAt"> {
  sha256: string;
  /** Id of the stored bytes. */
  file: string;
  /** The task that indexes or indexed it. */
  task: string;
  /** `PASSAGES_VERSION` of the parsers that ran out of time or memory on it: they are not tried again. */
  exhausted?: string;
}

/** `Net.download`. */
export type Download = Net["download"];

export interface NewDocument {
  /** Two documents with the same identity are the same: the title, or the URL. */
  identity: string;
  title: string;
  mediaType: string;
  bytes: Uint8Array;
}

export const KNOWLEDGE_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._-]{0,63}$/u;

/** A knowledge's name, or `bad_request`: letters, digits, spaces, `.`, `_` and `-`, at most 64. */
export function checkedName(name: string): string {
  const normal = name.normalize("NFC").trim();
  if (!KNOWLEDGE_NAME.test(normal))
    throw new PatchbayError(
      "bad_request",
      `"${name.slice(0, 80)}" cannot name a knowledge: use up to 64 letters, digits, spaces, ".", "_" and "-", beginning with a letter or a digit.`,
      { path: "/name" },
    );
  return normal;
}

export function documentId(uid: string, identity: string): string {
  return `doc_${createHash("sha256").update(`${uid}\0${identity}`).digest("hex").slice(0, 24)}`;
}

/**
 * Reads the bytes of a source. Rejects with `too_large`, `unsupported_media_type`, `bad_request`, or the error of the
 * fetch.
 */
export async function readSource(source: Parameters<Knowledge["add"]>[1], fetch: Download): Promise<NewDocument> {
  if ("url" in source) return await readUrl(source.url, fetch);
  const title = checkedTitle(source.title);
  if ("text" in source) {
    const bytes = new TextEncoder().encode(source.text);
    checkSize(bytes.byteLength, title);
    return {
      identity: title,
      title,
      bytes,
      mediaType: `${/\.[a-z0-9]{1,8}$/i.test(title) ? "text/plain" : "text/markdown"}; charset=utf-8`,
    };
  }
  checkSize(source.bytes.byteLength, title);
  const mediaType = plainType(source.mediaType ?? "") || "application/octet-stream";
  parserFor(title, mediaType);
  return { identity: title, title, bytes: source.bytes, mediaType };
}

async function readUrl(url: string, fetch: Download): Promise<NewDocument> {
  const headers = { accept: "text/html, text/markdown, text/plain, application/json;q=0.8, */*;q=0.1" };
  const answer = await fetch(
    { method: "GET", url, headers, timeoutMs: FETCH_TIMEOUT_MS },
    AbortSignal.timeout(FETCH_TIMEOUT_MS),
  );
  if (answer.status < 200 || answer.status > 299)
    throw new PatchbayError("bad_request", `${url} answered ${answer.status}; nothing was added.`, { path: "/url" });
  if (answer.truncated)
    throw new PatchbayError("too_large", `${url} is larger than what is fetched; download it and add the file.`, {
      path: "/url",
    });
  const { bytes } = answer;
  const mediaType = plainType(answer.headers["content-type"] ?? "text/html");
  const named = fileName(url);
  parserFor(/\.[a-z0-9]+$/i.test(named) ? named : "page", mediaType);
  const isPage = typeOf(mediaType) === "text/html";
  const own = isPage ? (await parseDocument({ title: url, mediaType, bytes, cut: false })).title : undefined;
  return { identity: url, title: checkedTitle(own ?? url), bytes, mediaType };
}

function fileName(url: string): string {
  const path = new URL(url).pathname;
  try {
    return basename(decodeURI(path));
  } catch {
    // Percent signs that encode no text.
    return basename(path);
  }
}

function checkedTitle(title: string): string {
  const clean = title
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, " ")
    .replaceAll("\\", "/")
    .normalize("NFC")
    .trim();
  if (clean === "")
    throw new PatchbayError("bad_request", "A document needs a title: it is what a citation shows.", {
      path: "/title",
    });
  return clean.length > MAX_TITLE ? [...clean].slice(0, MAX_TITLE).join("") : clean;
}

function checkSize(bytes: number, title: string): void {
  if (bytes === 0) throw new PatchbayError("bad_request", `"${title}" is empty; there is nothing to find in it.`);
  if (bytes > MAX_BYTES)
    throw new PatchbayError("too_large", `"${title}" is larger than 100 MiB, the most a document may have; split it.`);
}
