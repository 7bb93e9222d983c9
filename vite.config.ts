import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { version } from "./package.json" with { type: "json" };

/** The editor. The server serves what this builds (`dist/editor`); under `--dev` it runs this same config as middleware. */
export default defineConfig({
  root: "editor",
  plugins: [react(), tailwindcss(), packed()],
  define: { "import.meta.env.PATCHBAY_VERSION": JSON.stringify(version) },
  build: {
    outDir: "../dist/editor",
    emptyOutDir: true,
    target: "es2023",
    // Two pages: the editor, and the chat page that anybody may be shown.
    rollupOptions: {
      input: ["index.html", "chat.html"].map((page) => join(import.meta.dirname, "editor", page)),
      output: {
        codeSplitting: {
          // Each icon and widget that two pages share would be a file of its own: a page of forty files opens slowly.
          groups: [
            {
              name: "base",
              test: /lucide-react|editor.ui.(?!monaco|graph-picture)[^.]*\.tsx?$|editor.shell|editor.i18n.format|useMutation/,
              minShareCount: 2,
            },
          ],
        },
      },
    },
    // Monaco is one large chunk that is loaded only when a prompt or code field opens.
    chunkSizeWarningLimit: 4500,
  },
  worker: { format: "es" },
});

/** Below this a file fits into a packet or two as it is. */
const WORTH_PACKING = 2048;

/** Puts each larger file of the build beside itself as `.br` and `.gz`, which the server sends to who takes it. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    async writeBundle({ dir }, bundle) {
      const names = Object.keys(bundle).filter((name) => /\.(?:js|css)$/.test(name));
      await Promise.all(
        names.map(async (name) => {
          const path = join(dir!, name);
          const plain = await readFile(path);
          if (plain.length < WORTH_PACKING) return;
          await Promise.all([
            // Six is a tenth larger than the best, and twenty times quicker.
            promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }).then((data) =>
              writeFile(`${path}.br`, data),
            ),
            promisify(gzip)(plain, { level: 6 }).then((data) => writeFile(`${path}.gz`, data)),
          ]);
        }),
      );
    },
  };
}
