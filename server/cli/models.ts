/** `patchbay models …`: models that run on this machine. */
import { join } from "node:path";
import { PatchbayError } from "../../runtime/error.ts";
import { installModel, removeModel } from "../models/local/install.ts";
import { LocalModels } from "../models/local/local-models.ts";
import type { Env } from "../process/env.ts";
import type { Client } from "./client.ts";
import type { Io } from "./io.ts";

interface Card {
  name: string;
  isDefault?: boolean;
  embeds?: boolean;
  demo?: boolean;
  profile: { contextTokens: number };
}

/** What can be chosen in a graph, of all providers. */
export async function list(client: Client, io: Io): Promise<number> {
  const { models } = await client.call<{ models: Card[] }>("GET", "/api/models");
  for (const { name, isDefault, embeds, demo, profile } of models) {
    const marks = [isDefault && "default", embeds && "embeddings", demo && "demo"].filter(Boolean).join(", ");
    io.out(`${name}\t${profile.contextTokens} tokens${marks ? `\t(${marks})` : ""}\n`);
  }
  return 0;
}

/** Needs no server; one that runs sees the model within seconds. */
export async function install(
  env: Env,
  source: string,
  options: { name?: string; context?: string; runtime?: string[] },
  io: Io,
): Promise<number> {
  const stop = new AbortController();
  const onSignal = (): void =>
    stop.abort(new PatchbayError("cancelled", "Stopped; the same command goes on where it was."));
  process.once("SIGINT", onSignal);
  const contextTokens = options.context === undefined ? undefined : Number(options.context);
  if (
    contextTokens !== undefined &&
    !(Number.isInteger(contextTokens) && contextTokens >= 256 && contextTokens <= 1_048_576)
  ) {
    throw new PatchbayError("bad_request", "--context is a number of tokens from 256 to 1048576.");
  }
  const show = progressLine(io);
  try {
    const {
      model,
      file,
      bytes,
      contextTokens: allotted,
    } = await installModel({
      folder: join(env.dataDir, "models"),
      source,
      signal: stop.signal,
      name: options.name,
      contextTokens,
      extra: options.runtime,
      stage: (stage) => {
        if (stage === "runtime") io.err("Looking for node-llama-cpp (brought by npm, about 85 MB, once)…\n");
        else if (stage === "file") io.err(`Bringing ${source}\n`);
        else {
          show.end();
          io.err("Reading the model…\n");
        }
      },
      progress: show.at,
    });
    io.err(`${file}: ${megabytes(bytes)}, ${allotted} tokens of context.\n`);
    io.out(`${model}\n`);
    return 0;
  } finally {
    show.end();
    process.off("SIGINT", onSignal);
  }
}

export async function remove(env: Env, name: string): Promise<number> {
  const bare = name.replace(/^local\//, "");
  if (await removeModel(join(env.dataDir, "models"), bare)) return 0;
  const known = (await new LocalModels(join(env.dataDir, "models")).list()).map((model) => model.name).join(", ");
  throw new PatchbayError("not_found", `There is no local model "${bare}".${known ? ` There are: ${known}.` : ""}`);
}

/** One line that is written over on a terminal; without one, a line each ten per cent. */
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
