/** `patchbay knowledge …`: folders in, questions, the index made anew, whole sets out and in. */
import { createReadStream, createWriteStream, readFileSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, extname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { PatchbayError } from "../../runtime/error.ts";
import type { KnowledgeCard, KnowledgeDocument } from "../contract/knowledge.ts";
import type { Task } from "../contract/task.ts";
import { type Client, errorOf, serverEvents } from "./client.ts";
import type { Io } from "./io.ts";

const at = (name: string, rest = "") => `/api/knowledge/${encodeURIComponent(name)}${rest}`;

export async function list(client: Client, io: Io): Promise<number> {
  const { knowledge } = await client.call<{ knowledge: KnowledgeCard[] }>("GET", "/api/knowledge");
  for (const { name, documents, chunks, embedder } of knowledge)
    io.out(`${name}\t${documents} documents\t${chunks} passages\t${embedder ?? "words alone"}\n`);
  if (knowledge.length === 0) io.err("There is no knowledge yet: patchbay knowledge add NAME FOLDER makes one.\n");
  return 0;
}

interface Source {
  title: string;
  path?: string;
  url?: string;
}

/**
 * Adds files, whole folders and addresses, and waits until they can be found. The knowledge is made where it is not
 * there. What cannot be read is named and left out. Exit code 1 where any file that was named by itself, or nothing
 * at all, could be added.
 */
export async function add(
  client: Client,
  name: string,
  places: string[],
  options: { embedder?: string },
  io: Io,
): Promise<number> {
  const sources = (await Promise.all(places.map(sourcesIn))).flat();
  if (sources.length === 0) throw new PatchbayError("bad_request", `There is no file in ${places.join(", ")}.`);
  const { knowledge } = await client.call<{ knowledge: KnowledgeCard[] }>("GET", "/api/knowledge");
  if (!knowledge.some((card) => card.name === name))
    await client.call("POST", "/api/knowledge", { name, ...(options.embedder && { embedder: options.embedder }) });
  const tasks: { title: string; task: string }[] = [];
  const refused: { title: string; why: string }[] = [];
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
      refused.push({ title: source.title, why: error.message });
    }
  for (const { title, task } of tasks) {
    const ended = await follow(client, task, io, title);
    if (ended.error) refused.push({ title, why: ended.error.message });
  }
  for (const { title, why } of refused) io.err(`left out ${title}: ${why}\n`);
  const added = sources.length - refused.length;
  io.out(`${name}: ${added} of ${sources.length} documents\n`);
  return added === 0 || refused.some(({ title }) => places.some((place) => basename(place) === title)) ? 1 : 0;
}

async function sourcesIn(place: string): Promise<Source[]> {
  if (/^https?:\/\//.test(place)) return [{ title: place, url: place }];
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(place);
  } catch (cause) {
    throw new PatchbayError("bad_request", `${place} is not there.`, { cause });
  }
  if (!stat.isDirectory()) return [{ title: basename(place), path: place }];
  const files = await readdir(place, { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) =>
        !relative(place, path)
          .split(sep)
          .some((part) => part.startsWith(".") || part === "node_modules"),
    )
    .sort()
    .map((path) => ({ title: relative(place, path).split(sep).join("/"), path }));
}

function bodyOf(source: Source): unknown {
  if (source.url !== undefined) return { url: source.url };
  const form = new FormData();
  form.append("files", new File([readFileSync(source.path!)], source.title, { type: typeOf(source.title) }));
  return form;
}

/** Only what the name alone does not tell. */
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
  const { hits } = await client.call<{ hits: Hit[] }>("GET", at(name, `/search?${query}`));
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
  if (hits.length === 0) io.err("Nothing was found.\n");
  return hits.length > 0 ? 0 : 1;
}

interface Hit {
  title: string;
  text: string;
  score: number;
  ranks?: Record<string, number>;
  source?: { heading?: string; page?: number; line?: number };
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
  io.out(`${name}: indexed anew\n`);
  return 0;
}

export async function exportKnowledge(
  client: Client,
  name: string,
  options: { output?: string },
  io: Io,
): Promise<number> {
  const answer = await client.send("GET", at(name, "/export"));
  if (!answer.ok) throw await errorOf(answer);
  if (options.output !== undefined) await pipeline(answer.body!, createWriteStream(options.output));
  else for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) io.out(piece);
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

/** The task as it ended. On a terminal its progress is shown on one line. */
async function follow(client: Client, id: string, io: Io, title: string): Promise<Task> {
  const answer = await client.send("GET", `/api/tasks/${id}/events`);
  if (!answer.ok) throw await errorOf(answer);
  let last: Task | undefined;
  for await (const { data } of serverEvents(answer)) {
    last = JSON.parse(data) as Task;
    const { done, total } = last.progress;
    if (io.stderr.isTTY && total > 0) io.err(`\r\u001b[K${title}: ${Math.round((done / total) * 100)} %`);
  }
  if (io.stderr.isTTY) io.err("\r\u001b[K");
  return last ?? (await client.call<Task>("GET", `/api/tasks/${id}`));
}
