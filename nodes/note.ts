import { z } from "zod";
import { defineNode } from "../runtime/node.ts";

const config = z.strictObject({ text: z.string().max(20_000).default("") });

/** Text on the canvas; not part of a run. */
export const note = defineNode<z.infer<typeof config>>({
  type: "note",
  version: 1,
  title: "Note",
  summary: "Text on the canvas",
  role: "annotation",
  group: "io",
  icon: "sticky-note",
  config,
  ports: () => ({ inputs: [], outputs: [] }),
  form: { text: { widget: "textarea", label: "Text", help: "Markdown. Shown on the canvas only." } },
  harmless: true,
  textKey: "text",
  words: {
    zh: {
      title: "便签",
      summary: "画布上的文字",
      fields: { text: { label: "文字", help: "支持 Markdown，只显示在画布上。" } },
    },
  },
});
