import { z } from "zod";
import { defineNode } from "../runtime/node.ts";

const config = z.strictObject({ text: z.string().max(20_000).default("") });

/** Words on the canvas; no part of a run. */
export const note = defineNode<z.infer<typeof config>>({
  type: "note",
  version: 1,
  title: "Note",
  summary: "Words on the canvas",
  role: "annotation",
  group: "io",
  icon: "sticky-note",
  config,
  ports: () => ({ inputs: [], outputs: [] }),
  form: { text: { widget: "textarea", label: "Text", help: "Markdown. Seen on the canvas only." } },
});
