/** Imports an OpenAPI document, a large one in a worker thread. */
import { type ErrorData, PatchbayError } from "../../../runtime/error.ts";
import type { ToolImport } from "../../contract/tool.ts";
import { KeyedMutex } from "../../lib/keyed-mutex.ts";
import { startWorker } from "../../lib/start-worker.ts";
import type { StoredTool } from "../stored-tool.ts";
import type { ImportedApi } from "./import.ts";

/** Characters. YAML of this size is read within a few tens of milliseconds, JSON much faster. */
const SMALL = 16_000;
/** An alias of YAML, which can make much of little text. */
const ALIAS = /(?:^|[\s[{,:-])\*[\p{L}\p{N}_]/mu;
const MAX_MS = 60_000;
const MEMORY_MB = 1024;

/** One at a time: each may take a gigabyte. */
const workers = new KeyedMutex();

/** See `importOpenApi`. A document that takes more than a minute or a gigabyte is `too_large`. */
export async function importAside(source: ToolImport): Promise<ImportedApi> {
  const { name, server } = source;
  // text goes to a worker much faster than an object
  const openapi = typeof source.openapi === "object" ? JSON.stringify(source.openapi) : source.openapi;
  if (typeof openapi !== "string" || (openapi.length <= SMALL && !ALIAS.test(openapi))) {
    const { importOpenApi } = await import("./import.ts");
    return importOpenApi({ openapi, name, server });
  }
  return workers.run("import", () => importInWorker({ openapi, name, server }));
}

async function importInWorker(workerData: { openapi: string; name?: string; server?: string }): Promise<ImportedApi> {
  const worker = startWorker(new URL("./import-worker.ts", import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  const tooLarge = () =>
    new PatchbayError(
      "too_large",
      "The OpenAPI document is too large to be read. Import the part of it that you need.",
    );
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<ImportedApi>((resolve, reject) => {
      timer = setTimeout(() => reject(tooLarge()), MAX_MS);
      const tools: StoredTool[] = [];
      type Message = { tools: StoredTool[] } | { imported: Omit<ImportedApi, "tools"> } | { error: ErrorData };
      worker.on("message", (message: Message) => {
        if ("tools" in message) tools.push(...message.tools);
        else if ("imported" in message) resolve({ ...message.imported, tools });
        else reject(new PatchbayError(message.error.code, message.error.message, { path: message.error.path }));
      });
      worker.once("error", (error: Error & { code?: string }) =>
        reject(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? tooLarge() : error),
      );
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
