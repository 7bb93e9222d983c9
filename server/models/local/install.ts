/** `patchbay models install`: installs the program that runs GGUF files, and one such file, into the data folder. */
import { rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { PatchbayError } from "../../../runtime/error.ts";
import { type FetchOptions, fetchFile, isUrl } from "./fetch-file.ts";
import { LocalModels, MODEL_NAME } from "./local-models.ts";
import { installRuntime, type RuntimeOptions } from "./runtime.ts";

export interface InstallOptions
  extends Pick<FetchOptions, "source" | "signal" | "progress" | "retries" | "sleep">,
    Pick<RuntimeOptions, "npm" | "extra"> {
  /** `<data>/models` */
  folder: string;
  /** Default: derived from the file's name. */
  name?: string;
  /** Tokens of context to allot. Default: the model's own size, at most 8,192. */
  contextTokens?: number;
  /** Called when a stage begins. */
  stage?(stage: "runtime" | "file" | "check"): void;
}

export interface Installed {
  /** `local/<name>`, the model's name in a graph. */
  model: string;
  file: string;
  bytes: number;
  contextTokens: number;
}

const MAX_CONTEXT = 8_192;

/**
 * Can be called again at any time: finished steps are kept and an interrupted download is resumed. A model of the same
 * name is replaced when the new file is complete. Rejects with a code of `fetchFile` or `installRuntime`, `bad_request`
 * for an invalid name, and `bad_response` when the file cannot be read as a model.
 */
export async function installModel(options: InstallOptions): Promise<Installed> {
  const { folder, source, signal, stage } = options;
  const name = options.name ?? nameOf(source);
  if (!MODEL_NAME.test(name)) {
    throw new PatchbayError(
      "bad_request",
      `"${name}" is not a valid model name. Use lower-case letters, digits, ".", "_" and "-", up to 100. Choose one with --name.`,
    );
  }
  if (/-0*\d+-of-0*\d+(\.gguf)?$/i.test(basename(source))) {
    throw new PatchbayError(
      "bad_request",
      "This is one part of a model that is split into several files. Join them with llama-gguf-split --merge, then install the one file.",
    );
  }
  stage?.("runtime");
  await installRuntime({ folder, signal, npm: options.npm, extra: options.extra });
  stage?.("file");
  const file = join(folder, `${name}.gguf`);
  const bytes = await fetchFile({
    source,
    target: file,
    signal,
    progress: options.progress,
    retries: options.retries,
    sleep: options.sleep,
  });
  stage?.("check");
  const local = new LocalModels(folder);
  try {
    const { contextTokens, name: title } = await local.inspect(file, signal);
    const allotted = options.contextTokens ?? Math.min(contextTokens || MAX_CONTEXT, MAX_CONTEXT);
    await writeFile(
      join(folder, `${name}.json`),
      `${JSON.stringify({ title, contextTokens: allotted, source }, null, 2)}\n`,
    );
    return { model: `local/${name}`, file, bytes, contextTokens: allotted };
  } catch (error) {
    if (error instanceof PatchbayError && error.code === "bad_response") await rm(file, { force: true });
    throw error;
  } finally {
    await local.close();
  }
}

/** False when there was no such model. */
export async function removeModel(folder: string, name: string): Promise<boolean> {
  const known = (await new LocalModels(folder).list()).find((model) => model.name === name);
  if (!known) return false;
  await rm(known.file, { force: true });
  await rm(join(folder, `${name}.json`), { force: true });
  return true;
}

function nameOf(source: string): string {
  const file = isUrl(source) ? basename(new URL(source).pathname) : basename(source);
  return decodeURIComponent(file)
    .replace(/\.gguf$/i, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 100);
}
