/** What a run is asked, checked against what its graph declares. By hand: it is on the path of every call. */
import type { CompiledGraph } from "../../runtime/compile.ts";
import { PatchbayError } from "../../runtime/error.ts";
import type { RunInput } from "../../runtime/event.ts";
import type { Field } from "../../runtime/field.ts";
import { type FileRef, Message } from "../../runtime/message.ts";
import type { Files } from "../stores/files.ts";

const MAX_MESSAGE = 1_000_000;
const MAX_FILES = 20;

interface InputRules {
  /** Whose uploads may be named; absent: the admin's view, any. */
  key?: string;
  /** The caller may bring the conversation so far. */
  history: boolean;
  files: Files;
}

/** Fields that the graph's input node declares, by name; made once a compiled graph. */
const declared = new WeakMap<CompiledGraph, Map<string, Field>>();

/** Rejects with `bad_request` that names the place under `/input`. */
export async function checkInput(
  graph: CompiledGraph,
  given: Record<string, unknown>,
  rules: InputRules,
): Promise<RunInput> {
  const fields = fieldsOf(graph);
  const { message = "" } = given;
  if (typeof message !== "string") throw bad("/message", "must be a text");
  if (message.length > MAX_MESSAGE) throw bad("/message", `has at most ${MAX_MESSAGE} characters`);
  const input: RunInput = { message };
  for (const key of Object.keys(given)) {
    const value = given[key];
    if (key === "message" || value === undefined) continue;
    if (key === "files") {
      const files = await fileRefs(value, rules);
      if (files.length > 0) input.files = files;
    } else if (key === "history" && rules.history) input.history = conversation(value);
    else {
      const field = fields.get(key);
      if (!field) {
        const names = ["message", "files", ...fields.keys()].join(", ");
        throw bad(`/${key}`, `is no input of this agent; it takes ${names}`);
      }
      input[key] = ofKind(key, value, field);
    }
  }
  for (const field of fields.values())
    if (field.required && input[field.name] === undefined)
      throw bad(`/${field.name}`, "is missing: this agent needs it");
  return input;
}

export function fieldsOf(graph: CompiledGraph): Map<string, Field> {
  let fields = declared.get(graph);
  if (!fields) {
    fields = new Map(graph.fields.map((field) => [field.name, field]));
    declared.set(graph, fields);
  }
  return fields;
}

function ofKind(name: string, value: unknown, { kind }: Field): unknown {
  if (kind === "text" && typeof value !== "string") throw bad(`/${name}`, "must be a text");
  if (kind === "messages") return conversation(value, name);
  if ((kind === "documents" || kind === "files") && !Array.isArray(value)) throw bad(`/${name}`, "must be a list");
  if (kind === "tools") throw bad(`/${name}`, "cannot be given from outside");
  return value;
}

function conversation(value: unknown, name = "history"): Message[] {
  const parsed = Message.array().max(2000).safeParse(value);
  if (!parsed.success) throw bad(`/${name}`, `is no list of messages: ${parsed.error.issues[0]!.message}`);
  // A system message would change what runs.
  if (parsed.data.some((message) => message.role === "system")) throw bad(`/${name}`, "may not hold system messages");
  return parsed.data;
}

/** Files by id, or by anything that has one. */
async function fileRefs(value: unknown, rules: InputRules): Promise<FileRef[]> {
  if (!Array.isArray(value)) throw bad("/files", "must be a list of file ids");
  if (value.length > MAX_FILES) throw bad("/files", `has at most ${MAX_FILES} files`);
  return Promise.all(
    value.map(async (one: unknown, index) => {
      const id = typeof one === "string" ? one : (one as { id?: unknown } | null)?.id;
      if (typeof id !== "string") throw bad(`/files/${index}`, "must be a file's id");
      const missing = () => bad(`/files/${index}`, `"${id.slice(0, 100)}" does not exist; upload it first`);
      const file = await rules.files.get(id).catch((error: unknown) => {
        throw error instanceof PatchbayError && error.code === "not_found" ? missing() : error;
      });
      if (rules.key !== undefined && file.owner !== rules.key) throw missing();
      return file.ref;
    }),
  );
}

function bad(path: string, what: string): PatchbayError {
  return new PatchbayError("bad_request", `At /input${path}: ${what}.`, { path: `/input${path}` });
}
