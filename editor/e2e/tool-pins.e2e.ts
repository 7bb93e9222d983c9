import { expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import { editorSuite } from "./editor-suite.ts";
import { graphOf } from "./graphs.ts";
import { makeAgent } from "./harness.ts";

const { server, session } = await editorSuite();

it("pins tools where more are chosen than a model sees at a time", async () => {
  const { page } = session;
  const id = await makeAgent(
    server,
    graphOf(
      "Many tools",
      [
        ["ask", "input", {}],
        ["kit", "tool", { tools: ["builtin/calculator", "builtin/clock"] }],
        ["brain", "llm", { toolLimit: 2 }],
        ["reply", "output", {}],
      ],
      ["ask.message > brain.message", "kit.tools > brain.tools", "brain.text > reply.reply"],
      { ask: [0, 0], kit: [0, 220], brain: [320, 0], reply: [640, 0] },
    ),
  );
  await page.goto(`${server.origin}/agents/${id}`);
  await page.locator('.react-flow__node[data-id="kit"] header').click();
  const pin = page.getByRole("button", { name: "Always include clock" });
  await page.getByRole("checkbox", { name: /^clock/ }).waitFor();
  expect(await pin.count()).toBe(0);
  await page.getByRole("checkbox", { name: /^text/ }).click();
  await page.getByText("3 tools are offered. For each message the model gets the 2").waitFor();
  await pin.click();
  expect(await pin.getAttribute("aria-pressed")).toBe("true");
  const pinned = async () => {
    const { graph } = await server.call<{ graph: Graph }>("GET", `/api/agents/${id}`);
    return (graph.nodes[1]!.config as { pinned?: string[] }).pinned;
  };
  await expect.poll(pinned).toEqual(["builtin/clock"]);
  await pin.click();
  await expect.poll(pinned).toEqual([]);
  expect(session.errors).toEqual([]);
});
