/** The tool templates under `templates/tools/`, which the library offers to import. */
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PatchbayError } from "../../runtime/error.ts";
import { ToolTemplate } from "../contract/template.ts";

const FOLDER = fileURLToPath(new URL("../../templates/tools/", import.meta.url));
const ID = /^[a-z][a-z0-9-]{0,63}$/;
export function isTemplateId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}

/** In order of id. */
export async function readToolTemplates(): Promise<ToolTemplate[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".json")).sort();
  return Promise.all(names.map((name) => readToolTemplate(name.slice(0, -".json".length))));
}

/** Rejects with `not_found`. */
export async function readToolTemplate(id: string): Promise<ToolTemplate> {
  let text: string;
  try {
    text = await readFile(`${FOLDER}${id}.json`, "utf8");
  } catch (cause) {
    throw new PatchbayError("not_found", `There is no tool template "${id}".`, { cause });
  }
  return ToolTemplate.parse(JSON.parse(text));
}
