/** The worker thread of `import-in-worker.ts`: a large document takes seconds, which would block the server. */
import { replyFromWorker } from "../../lib/worker-reply.ts";
import type { StoredTool } from "../stored-tool.ts";
import { type ImportedApi, importOpenApi } from "./import.ts";

/** Tools in one message: the serving thread reads a message within a few milliseconds. */
const SLICE = 50;

replyFromWorker((source: Parameters<typeof importOpenApi>[0], sendPart: (tools: StoredTool[]) => void) => {
  const { tools, ...imported }: ImportedApi = importOpenApi(source);
  for (let at = 0; at < tools.length; at += SLICE) sendPart(tools.slice(at, at + SLICE));
  return imported;
});
