/** Builds the editor once, before the first server of a test starts. */
import { buildEditor } from "../../server/process/editor-build.ts";

export default async function setup(): Promise<void> {
  await buildEditor(process.cwd());
}
