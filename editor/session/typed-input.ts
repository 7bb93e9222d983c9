/** What is typed in the chat with the draft and not sent yet: the message, the fields of the input node, and files. */
import { inputFields } from "../../runtime/agent-ports.ts";
import type { RunInput } from "../../runtime/event.ts";
import type { Field } from "../../runtime/field.ts";
import type { Graph } from "../../runtime/graph.ts";
import { FileRef } from "../../runtime/message.ts";
import { table } from "../graph/node-types.ts";
import { jsonOrText } from "../graph/output-texts.ts";
import { readJson } from "./stored-json.ts";
import type { UnfinishedTexts } from "./unfinished-text.ts";

/** Keys of the unsent message and files. They are stored in this browser. */
const MESSAGE = "try/message";
const FILES = "try/files";

type Texts = ReadonlyMap<string, string>;

/** The fields beside the message that a person can type. */
export const typedFields = (graph: Pick<Graph, "nodes">): Field[] =>
  inputFields(graph, table).filter((field) => field.kind !== "files" && field.kind !== "tools");

export const fieldKey = (form: string, name: string): string => `${form}/field/${name}`;

/** The values of the fields: parsed as JSON if the kind is not text and the text is JSON. */
export function fieldValues(fields: readonly Field[], texts: Texts, form: string): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap(({ name, kind = "text" }) => {
      const text = texts.get(fieldKey(form, name));
      return text ? [[name, kind === "text" ? text : jsonOrText(text)]] : [];
    }),
  );
}

export const typedMessage = (texts: Texts): string => texts.get(MESSAGE) ?? "";

export function typedFiles(texts: Texts): FileRef[] {
  const files = FileRef.array().safeParse(readJson(() => ({ getItem: () => texts.get(FILES) ?? null }), FILES));
  return files.success ? files.data : [];
}

export const keepMessage = (unfinished: UnfinishedTexts, text: string): void =>
  unfinished.keep(MESSAGE, text === "" ? undefined : text);

export const keepFiles = (unfinished: UnfinishedTexts, files: readonly FileRef[]): void =>
  unfinished.keep(FILES, files.length === 0 ? undefined : JSON.stringify(files));

/** The input of a run; undefined without a message and files. */
export function typedInput(graph: Pick<Graph, "nodes">, texts: Texts): RunInput | undefined {
  const message = typedMessage(texts).trim();
  const files = typedFiles(texts);
  if (message === "" && files.length === 0) return undefined;
  return { ...fieldValues(typedFields(graph), texts, "try"), message, ...(files.length > 0 && { files }) };
}
