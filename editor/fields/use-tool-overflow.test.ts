import { expect, it } from "vitest";
import { graphOf } from "../e2e/graphs.ts";
import { table } from "../graph/node-types.ts";
import { createPortReader } from "../graph/ports.ts";
import { toolOverflow } from "./use-tool-overflow.ts";

const tools = Array.from({ length: 20 }, (_, n) => ({ name: `mcp/big/t${n}` })).concat([{ name: "builtin/clock" }]);

function graph(limit: number) {
  return graphOf(
    "Many tools",
    [
      ["kit", "tool", { tools: ["mcp/big/*"] }],
      ["more", "tool", { tools: ["builtin/clock", "mcp/big/t1", "gone/tool"] }],
      ["brain", "llm", { toolLimit: limit }],
      ["calm", "llm", { toolLimit: 100 }],
    ],
    ["kit.tools > calm.tools", "kit.tools > brain.tools", "more.tools > brain.tools"],
    {},
  );
}
const room = (limit: number, id: string) => toolOverflow(graph(limit), createPortReader(table), tools, id);

it("counts all that a model is offered, each tool once, against the tightest limit", () => {
  expect(room(12, "kit")).toEqual({ offered: 21, limit: 12 });
  expect(room(12, "more")).toEqual({ offered: 21, limit: 12 });
  expect(room(21, "kit")).toBeUndefined();
  expect(room(12, "brain")).toBeUndefined();
});
