import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { version } from "./package.json" with { type: "json" };

/** The editor. The server serves what this builds (`dist/editor`); under `--dev` it runs this same config as middleware. */
export default defineConfig({
  root: "editor",
  plugins: [react(), tailwindcss()],
  define: { "import.meta.env.PATCHBAY_VERSION": JSON.stringify(version) },
  build: {
    outDir: "../dist/editor",
    emptyOutDir: true,
    target: "es2023",
    // Two pages: the editor, and the chat page that anybody may be shown.
    rollupOptions: {
      input: ["editor/index.html", "editor/chat.html"],
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
