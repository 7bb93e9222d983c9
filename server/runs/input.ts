/** Checks the input of a run against the fields that its graph declares. Without zod, because every call passes here. */
import type { CompiledGraph } from "../../runtime/compile.ts";
import { PatchbayError } from "../../runtime/error.ts";
import type { RunInput } from "../../runtime/event.ts";
import type { Field } from "../../runtime/field.ts";
import { Message } from "../../runtime/message.ts";
import type { Models } from "../models/service.ts";
import type { Files } from "../stores/files.ts";
import { checkReadable } from "./readable-files.ts";

const MAX_MESSAGE = 1_000_000;
const MAX_FILES = 20;

interface InputRules {
  /** Only files of this key are accepted; absent for the admin: all files. */
  key?: string;
  /** Whether the caller may send the earlier conversation. */
  history: boolean;
  files: Files;
  models: Pick<Models, "resolve">;
}

/** The fields of the graph's input node by name, built once for each compiled graph. */
const declared = new WeakMap<CompiledGraph, Map<string, Field>>();

/** Rejects with `bad_request` and the path under `/input`. */
export async function checkInput(
  graph: CompiledGraph,
  given: Record<string, unknown>,
  rules: InputRules,
): Promise<RunInput> {
  const fields = fieldsOf(graph);
  const { message = "" } = given;
  if (typeof message !== "string") throw invalidInput("/message", "must be a text");
  if (message.length > MAX_MESSAGE) throw invalidInput("/message", `has at most ${MAX_MESSAGE} characters`);
  const input: RunInput = { message };
  for (const key of Object.keys(given)) {
    const value = given[key];
    if (key === "message" || value === undefined) continue;
    if (key === "files") {
      const files = await storedFiles(value, rules);
      if (files.length === 0) continue;
      await checkReadable(graph, files, rules.models);
      input.files = files.map((file) => file.ref);
    } else if (key === "history" && rules.history) input.history = conversation(value);
    else {
      const field = fields.get(key);
      if (!field) {
        const names = ["message", "files", ...fields.keys()].join(", ");
        throw invalidInput(`/${key}`, `is not an input of this agent; it takes ${names}`);
      }
      input[key] = checkedValue(key, value, field);
    }
  }
  for (const field of fields.values())
    if (field.required && input[field.name] === undefined)
      throw invalidInput(`/${field.name}`, "is missing: this agent needs it");
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

function checkedValue(name: string, value: unknown, { kind }: Field): unknown {
  if (kind === "text" && typeof value !== "string") throw invalidInput(`/${name}`, "must be a text");
  if (kind === "messages") return conversation(value, name);
  if ((kind === "documents" || kind === "files") && !Array.isArray(value))
    throw invalidInput(`/${name}`, "must be a list");
  if (kind === "tools") throw invalidInput(`/${name}`, "cannot be given from outside");
  return value;
}

function conversation(value: unknown, name = "history"): Message[] {
  const parsed = Message.array().max(2000).safeParse(value);
  if (!parsed.success) throw invalidInput(`/${name}`, `is not a list of messages: ${parsed.error.issues[0]!.message}`);
  // A system message would change what the agent does.
  if (parsed.data.some((message) => message.role === "system"))
    throw invalidInput(`/${name}`, "must not contain system messages");
  return parsed.data;
}

/** Files by id, or by an object with an `id`. */
async function storedFiles(value: unknown, rules: InputRules) {
  if (!Array.isArray(value)) throw invalidInput("/files", "must be a list of file ids");
  if (value.length > MAX_FILES) throw invalidInput("/files", `has at most ${MAX_FILES} files`);
  return Promise.all(
    value.map(async (one: unknown, index) => {
      const id = typeof one === "string" ? one : (one as { id?: unknown } | null)?.id;
      if (typeof id !== "string") throw invalidInput(`/files/${index}`, "must be a file's id");
      const notFound = () => invalidInput(`/files/${index}`, `"${id.slice(0, 100)}" does not exist; upload it first`);
      const file = await rules.files.get(id).catch((error: unknown) => {
        throw error instanceof PatchbayError && error.code === "not_found" ? notFound() : error;
      });
      if (rules.key !== undefined && file.owner !== rules.key) throw notFound();
      return file;
    }),
  );
}

function invalidInput(path: string, what: string): PatchbayError {
  return new PatchbayError("bad_request", `At /input${path}: ${what}.`, { path: `/input${path}` });
}
