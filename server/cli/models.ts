/** `patchbay models`: list models, install and remove local ones. */
import { join } from "node:path";
import { PatchbayError } from "../../runtime/error.ts";
import type { ModelCard } from "../contract/model.ts";
import type { Env } from "../process/env.ts";
import type { Client } from "./client.ts";
import type { Io } from "./io.ts";

/** Lists the models of all providers. */
export async function list(client: Client, options: { json?: boolean }, io: Io): Promise<number> {
  const { models } = await client.call<{ models: ModelCard[] }>("GET", "/api/models");
  if (options.json) {
    io.out(`${JSON.stringify(models, null, 2)}\n`);
    return 0;
  }
  for (const { name, isDefault, embeds, demo, profile } of models) {
    const marks = [isDefault && "default", embeds && "embeddings", demo && "demo"].filter(Boolean).join(", ");
    io.out(`${name}\t${profile.contextTokens} tokens${marks ? `\t(${marks})` : ""}\n`);
  }
  return 0;
}

/** Works without a server. A running server detects the model within seconds. */
export async function install(
  env: Env,
  source: string,
  options: { name?: string; context?: string; runtime?: string[] },
  io: Io,
): Promise<number> {
  const stop = new AbortController();
  const onSignal = (): void =>
    stop.abort(new PatchbayError("cancelled", "Stopped. Run the same command again to resume."));
  process.once("SIGINT", onSignal);
  const contextTokens = options.context === undefined ? undefined : Number(options.context);
  if (
    contextTokens !== undefined &&
    !(Number.isInteger(contextTokens) && contextTokens >= 256 && contextTokens <= 1_048_576)
  ) {
    throw new PatchbayError("bad_request", "--context must be 256 to 1048576 tokens.");
  }
  const { installModel } = await import("../models/local/install.ts");
  const show = progressLine(io);
  try {
    const {
      model,
      file,
      bytes,
      contextTokens: contextSize,
    } = await installModel({
      folder: join(env.dataDir, "models"),
      source,
      signal: stop.signal,
      name: options.name,
      contextTokens,
      extra: options.runtime,
      stage: (stage) => {
        if (stage === "runtime") io.err("Installing node-llama-cpp with npm if it is missing (about 85 MB)…\n");
        else if (stage === "file") io.err(`Downloading or copying ${source}\n`);
        else {
          show.end();
          io.err("Reading the model…\n");
        }
      },
      progress: show.at,
    });
    io.err(`${file}: ${megabytes(bytes)}, context of ${contextSize} tokens.\n`);
    io.out(`${model}\n`);
    return 0;
  } finally {
    show.end();
    process.off("SIGINT", onSignal);
  }
}

export async function remove(env: Env, name: string): Promise<number> {
  const [{ removeModel }, { LocalModels }] = await Promise.all([
    import("../models/local/install.ts"),
    import("../models/local/local-models.ts"),
  ]);
  const bare = name.replace(/^local\//, "");
  if (await removeModel(join(env.dataDir, "models"), bare)) return 0;
  const known = (await new LocalModels(join(env.dataDir, "models")).list()).map((model) => model.name).join(", ");
  throw new PatchbayError(
    "not_found",
    `The local model "${bare}" was not found.${known ? ` Installed: ${known}.` : ""}`,
  );
}

/** Progress: on a terminal one updated line, otherwise a line for every ten percent. */
function progressLine(io: Io): { at(done: number, total: number): void; end(): void } {
  let last = -1;
  let open = false;
  let begun = 0;
  let first = 0;
  return {
    at(done, total) {
      const now = performance.now();
      if (begun === 0) [begun, first] = [now, done];
      const percent = total ? Math.floor((100 * done) / total) : 0;
      const tty = io.stderr.isTTY;
      if (tty ? percent === last && done !== total : percent < last + 10 && done !== total) return;
      if (percent === last) return;
      last = tty ? percent : percent - (percent % 10);
      const seconds = (now - begun) / 1000;
      const left = done > first && total ? Math.ceil(((total - done) * seconds) / (done - first)) : undefined;
      const text = `${megabytes(done)}${total ? ` of ${megabytes(total)} (${percent} %)` : ""}${left ? `, ${left} s left` : ""}`;
      io.err(tty ? `\r\x1b[K${text}` : `${text}\n`);
      open = tty === true;
    },
    end() {
      if (open) io.err("\n");
      open = false;
    },
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
