/** `patchbay knowledge`: list, add, search, reindex, export and import. */
import { createReadStream, createWriteStream, readFileSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, extname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { PatchbayError } from "../../runtime/error.ts";
import type { KnowledgeCard, KnowledgeDocument, SearchHit } from "../contract/knowledge.ts";
import type { Task } from "../contract/task.ts";
import { type Client, errorOf, serverEvents } from "./client.ts";
import type { Io } from "./io.ts";

const at = (name: string, rest = "") => `/api/knowledge/${encodeURIComponent(name)}${rest}`;

export async function list(client: Client, options: { json?: boolean }, io: Io): Promise<number> {
  const { knowledge } = await client.call<{ knowledge: KnowledgeCard[] }>("GET", "/api/knowledge");
  if (options.json) {
    io.out(`${JSON.stringify(knowledge, null, 2)}\n`);
    return 0;
  }
  for (const { name, documents, chunks, embedder } of knowledge)
    io.out(`${name}\t${documents} documents\t${chunks} passages\t${embedder ?? "text search only"}\n`);
  if (knowledge.length === 0) io.err("No knowledge yet. Create it with: patchbay knowledge add NAME FOLDER\n");
  return 0;
}

interface Source {
  title: string;
  path?: string;
  url?: string;
}

/**
 * Adds files, folders and web addresses, and waits until they are indexed. Creates the knowledge if it does not exist.
 * Files of a folder whose type cannot be read are reported and skipped. Returns exit code 1 when a file failed for another
 * reason, when one that was named on the command line was skipped, or every one, and with `strict` for any skipped file.
 */
export async function add(
  client: Client,
  name: string,
  paths: string[],
  options: { embedder?: string; strict?: boolean },
  io: Io,
): Promise<number> {
  const sources = (await Promise.all(paths.map(sourcesIn))).flat();
  if (sources.length === 0) throw new PatchbayError("bad_request", `No files found in ${paths.join(", ")}.`);
  const { knowledge } = await client.call<{ knowledge: KnowledgeCard[] }>("GET", "/api/knowledge");
  if (!knowledge.some((card) => card.name === name))
    await client.call("POST", "/api/knowledge", { name, ...(options.embedder && { embedder: options.embedder }) });
  const named = new Set(paths.map((path) => basename(path)));
  const tasks: { title: string; task: string }[] = [];
  const failed: { title: string; reason: string; skipped: boolean }[] = [];
  for (const source of sources)
    try {
      const { documents } = await client.call<{ documents: (KnowledgeDocument & { task: string })[] }>(
        "POST",
        at(name, "/documents"),
        bodyOf(source),
      );
      tasks.push(...documents.map(({ title, task }) => ({ title, task })));
    } catch (error) {
      if (!(error instanceof PatchbayError)) throw error;
      const skipped = error.code === "unsupported_media_type" && !options.strict && !named.has(source.title);
      failed.push({ title: source.title, reason: error.message, skipped });
    }
  for (const { title, task } of tasks) {
    const ended = await follow(client, task, io, title);
    if (ended.error) failed.push({ title, reason: ended.error.message, skipped: false });
  }
  for (const { title, reason, skipped } of failed) io.err(`${skipped ? "skipped" : "failed"} ${title}: ${reason}\n`);
  const added = sources.length - failed.length;
  io.out(`${name}: ${added} of ${sources.length} documents\n`);
  return added === 0 || failed.some(({ skipped }) => !skipped) ? 1 : 0;
}

async function sourcesIn(path: string): Promise<Source[]> {
  if (/^https?:\/\//.test(path)) return [{ title: path, url: path }];
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(path);
  } catch (cause) {
    throw new PatchbayError("bad_request", `${path} does not exist.`, { cause });
  }
  if (!stat.isDirectory()) return [{ title: basename(path), path }];
  const files = await readdir(path, { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        !relative(path, file)
          .split(sep)
          .some((part) => part.startsWith(".") || part === "node_modules"),
    )
    .sort()
    .map((file) => ({ title: relative(path, file).split(sep).join("/"), path: file }));
}

function bodyOf(source: Source): unknown {
  if (source.url !== undefined) return { url: source.url };
  const form = new FormData();
  form.append("files", new File([readFileSync(source.path!)], source.title, { type: typeOf(source.title) }));
  return form;
}

/** The server derives the type from the extension; only files without one need a type. */
function typeOf(title: string): string {
  return extname(title) === "" ? "text/plain" : "";
}

export async function search(
  client: Client,
  name: string,
  question: string,
  options: { limit?: string; mode?: string; json?: boolean },
  io: Io,
): Promise<number> {
  const query = new URLSearchParams({
    q: question,
    ...(options.limit && { limit: options.limit }),
    ...(options.mode && { mode: options.mode }),
  });
  const { hits } = await client.call<{ hits: SearchHit[] }>("GET", at(name, `/search?${query}`));
  if (options.json) io.out(`${JSON.stringify(hits, null, 2)}\n`);
  else
    for (const [index, { title, source, score, ranks, text }] of hits.entries()) {
      const where = [source?.heading, source?.page && `page ${source.page}`, source?.line && `line ${source.line}`]
        .filter(Boolean)
        .join(", ");
      const how = Object.entries(ranks ?? {}).map(([search, rank]) => `${search} ${rank}`);
      io.out(
        `${index + 1}. ${title}${where ? ` (${where})` : ""}  ${score.toFixed(3)} [${how.join(", ")}]\n${indented(text)}\n`,
      );
    }
  if (hits.length === 0) io.err("No passages found.\n");
  return hits.length > 0 ? 0 : 1;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "   ");
}

export async function reindex(client: Client, name: string, options: { embedder?: string }, io: Io): Promise<number> {
  const embedder = options.embedder === "none" ? null : options.embedder;
  const { task } = await client.call<{ task: string }>(
    "POST",
    at(name, "/reindex"),
    embedder === undefined ? {} : { embedder },
  );
  const ended = await follow(client, task, io, name);
  if (ended.error) throw new PatchbayError("unavailable", ended.error.message);
  io.out(`${name}: reindexed\n`);
  return 0;
}

export async function exportKnowledge(
  client: Client,
  name: string,
  options: { output?: string },
  io: Io,
): Promise<number> {
  const response = await client.send("GET", at(name, "/export"));
  if (!response.ok) throw await errorOf(response);
  if (options.output !== undefined) await pipeline(response.body!, createWriteStream(options.output));
  else for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) io.out(piece);
  return 0;
}

export async function importKnowledge(
  client: Client,
  path: string,
  options: { name?: string },
  io: Io,
): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path)) chunks.push(chunk as Buffer);
  const form = new FormData();
  form.append("file", new File([Buffer.concat(chunks)], basename(path)));
  if (options.name !== undefined) form.append("name", options.name);
  const { name, documents, tasks } = await client.call<{ name: string; documents: number; tasks: string[] }>(
    "POST",
    "/api/knowledge/import",
    form,
  );
  for (const task of tasks) await follow(client, task, io, name);
  io.out(`${name}: ${documents} documents\n`);
  return 0;
}

/** Resolves with the ended task. Shows its progress on a terminal. */
async function follow(client: Client, id: string, io: Io, title: string): Promise<Task> {
  const response = await client.send("GET", `/api/tasks/${id}/events`);
  if (!response.ok) throw await errorOf(response);
  let last: Task | undefined;
  for await (const { data } of serverEvents(response)) {
    last = JSON.parse(data) as Task;
    const { done, total } = last.progress;
    if (io.stderr.isTTY && total > 0) io.err(`\r\u001b[K${title}: ${Math.round((done / total) * 100)} %`);
  }
  if (io.stderr.isTTY) io.err("\r\u001b[K");
  return last ?? (await client.call<Task>("GET", `/api/tasks/${id}`));
}
