import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildEditor, fingerprint } from "./editor-build.ts";

const root = mkdtempSync(join(tmpdir(), "patchbay-build-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("an editor that was built is not built again in a copy, only when a source changed", async () => {
  const source = join(root, "editor", "main.ts");
  for (const folder of ["editor", join("dist", "editor")]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(source, "export {};");
  writeFileSync(join(root, "dist", "editor", "index.html"), "");
  writeFileSync(join(root, "dist", "editor.stamp"), fingerprint(root));
  utimesSync(source, 1, 1);
  expect(await buildEditor(root)).toBe(join(root, "dist", "editor"));
  // The folder has no vite, so a build fails.
  writeFileSync(source, "export 1;");
  await expect(buildEditor(root)).rejects.toThrow(/could not be built/);
});
