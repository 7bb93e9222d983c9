import { expect, it } from "vitest";
import { graphOf } from "../../runtime/testing/play.ts";
import { table } from "./node-types.ts";
import { createPortReader } from "./ports.ts";
import { templatePicks } from "./template-picks.ts";

const graph = graphOf(
  {
    ask: ["input", { fields: [{ name: "topic" }, { name: "text" }] }],
    find: ["retriever", { knowledge: "k" }, { title: "资料" }],
    "draft-1": "llm",
    brief: ["prompt", { template: "{{question}} {{topic}} {{用户}}" }],
    brain: "llm",
    reply: "output",
  },
  ["ask.message brief.question", "ask.message find.query", "brief.text brain.instructions", "brain.text reply.reply"],
);
const picks = (of: typeof graph, id = "brief") =>
  templatePicks(of, createPortReader(table), id).map(
    ({ name, kind, edge }) => `${name}:${kind}${edge ? ` ${edge.from} ${edge.to}` : ""}`,
  );

it("offers the inputs, then what earlier nodes give under a name of its own, never what comes later", () => {
  expect(picks(graph)).toEqual([
    "question:text",
    "history:messages ask.history brief.history",
    "files:files ask.files brief.files",
    "topic:text ask.topic brief.topic",
    "text:text ask.text brief.text",
    "documents:documents find.documents brief.documents",
    "draft_1:text draft-1.text brief.draft_1",
    "json:json draft-1.json brief.json",
    "messages:messages draft-1.messages brief.messages",
    "用户:any",
  ]);
});

it("gives two outputs of one name two names", () => {
  const two = graphOf({ ask: "input", a: "http", b: "http", p: ["prompt", { template: "" }], reply: "output" }, []);
  expect(picks(two, "p").filter((pick) => /[ab]\./.test(pick))).toEqual([
    "a:any a.body p.a",
    "status:json a.status p.status",
    "b:any b.body p.b",
    "b_status:json b.status p.b_status",
  ]);
});
