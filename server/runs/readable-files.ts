/** Refuses files that nothing in the graph can use, so that none is dropped silently. */
import type { CompiledGraph } from "../../runtime/compile.ts";
import { PatchbayError } from "../../runtime/error.ts";
import { fileReaders } from "../../runtime/file-readers.ts";
import type { FileRef } from "../../runtime/message.ts";
import { fileText } from "../knowledge/parsers/file-text.ts";
import type { Models } from "../models/service.ts";

interface Stored {
  ref: FileRef;
  bytes: Uint8Array;
}

/** Rejects with `bad_request` and the path of the file. */
export async function checkReadable(
  graph: CompiledGraph,
  files: readonly Stored[],
  models: Pick<Models, "resolve">,
): Promise<void> {
  const readers = fileReaders(graph);
  if (readers === "any") return;
  const refuse = (index: number | undefined, why: string): PatchbayError => {
    const path = index === undefined ? "/input/files" : `/input/files/${index}`;
    return new PatchbayError("bad_request", `At ${path}: ${why}`, { path });
  };
  if (readers === "none")
    throw refuse(
      undefined,
      'this agent reads no files: the port "files" of its input is not connected to anything. Connect it to a model.',
    );
  for (const [index, { ref, bytes }] of files.entries()) {
    let text: string | undefined;
    try {
      text = await fileText(ref, bytes);
    } catch (error) {
      if (error instanceof PatchbayError) throw refuse(index, error.message);
      throw error;
    }
    if (text !== undefined || (ref.mediaType.startsWith("image/") && (await someSees(readers.models, models))))
      continue;
    throw refuse(
      index,
      `no model of this agent can read "${ref.name}" (${ref.mediaType}). Models read text, Markdown, HTML, CSV and JSON, and images if their profile says so; convert the file to one of these.`,
    );
  }
}

async function someSees(names: readonly string[], models: Pick<Models, "resolve">): Promise<boolean> {
  const seeing = await Promise.all(
    names.map((name) =>
      models.resolve(name).then(
        (model) => model.profile.vision === true,
        // The run reports a missing model.
        () => true,
      ),
    ),
  );
  return seeing.includes(true);
}
