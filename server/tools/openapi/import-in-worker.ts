/** Imports an OpenAPI document, a large one in a worker thread. */
import { PatchbayError } from "../../../runtime/error.ts";
import type { ToolImport } from "../../contract/tool.ts";
import { KeyedMutex } from "../../lib/keyed-mutex.ts";
import { runInWorker } from "../../lib/run-in-worker.ts";
import type { StoredTool } from "../stored-tool.ts";
import type { ImportedApi } from "./import.ts";

/** Characters. YAML of this size is read within a few tens of milliseconds, JSON much faster. */
const SMALL = 16_000;
/** An alias of YAML, which can make much of little text. */
const ALIAS = /(?:^|[\s[{,:-])\*[\p{L}\p{N}_]/mu;
const LIMITS = { ms: 60_000, memoryMb: 1024 };

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

async function importInWorker(source: { openapi: string; name?: string; server?: string }): Promise<ImportedApi> {
  const tools: StoredTool[] = [];
  const imported = await runInWorker<Omit<ImportedApi, "tools">, StoredTool[]>(
    new URL("./import-worker.ts", import.meta.url),
    source,
    {
      limits: LIMITS,
      tooLarge: () =>
        new PatchbayError(
          "too_large",
          "The OpenAPI document is too large to be read. Import the part of it that you need.",
        ),
      onPart: (part) => tools.push(...part),
    },
  );
  return { ...imported, tools };
}
