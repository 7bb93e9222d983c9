import { describe, expect, it } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import { edgeEnd } from "../../runtime/graph.ts";
import { portBoxes, positionOf } from "../graph/card-size.ts";
import { edgeKey, lookup } from "../graph/lookup.ts";
import { table } from "../graph/node-types.ts";
import { createPortReader, drawnPorts } from "../graph/ports.ts";
import { editorSuite } from "./editor-suite.ts";
import { graphOf, smallGraph } from "./graphs.ts";

const { page, card, open, saved } = await editorSuite();

const reader = createPortReader(table);
const edge = (key: string) => page.locator(`.react-flow__edge[data-id="${key}"]`);
const port = (node: string, id: string, side: "source" | "target") =>
  card(node).locator(`.react-flow__handle.${side}[data-handleid="${id}"]`);

async function center(locator: ReturnType<typeof port>): Promise<{ x: number; y: number }> {
  const box = (await locator.boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Presses at one point and moves to the other; the button stays down. */
async function pull(from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 5 });
  await page.mouse.move(to.x, to.y, { steps: 5 });
}

/** Where the file says that an end of an edge is, in canvas pixels: at the outer side of the handle. */
function endOf(graph: Graph, end: string, side: "in" | "out"): { x: number; y: number } {
  const { node: id, port: name } = edgeEnd(end);
  const node = lookup(graph).node(id)!;
  const box = portBoxes(drawnPorts(graph, node, reader)).find((one) => one.id === name && one.side === side)!;
  const { x, y } = positionOf(graph, id);
  return { x: x + (side === "in" ? box.x : box.x + box.width), y: y + box.y + box.height / 2 };
}

interface Seen {
  edges: Record<string, { from: [number, number]; to: [number, number] }>;
  view: { x: number; y: number; zoom: number; width: number; height: number };
}

/** The edges on the page with their two ends in canvas pixels, and the viewport, once it has stopped. */
const look = (): Promise<Seen> =>
  page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const viewport = document.querySelector<HTMLElement>(".react-flow__viewport")!;
    let last = "";
    for (let same = 0; same < 4; ) {
      await frame();
      const now = viewport.style.transform;
      same = now === last ? same + 1 : 0;
      last = now;
    }
    const { width, height } = document.querySelector(".react-flow")!.getBoundingClientRect();
    const matrix = new DOMMatrixReadOnly(last);
    const edges: Seen["edges"] = {};
    for (const group of document.querySelectorAll<SVGGElement>(".react-flow__edge")) {
      const path = group.querySelector<SVGPathElement>("path.edge-line")!;
      const [from, to] = [path.getPointAtLength(0), path.getPointAtLength(path.getTotalLength())];
      edges[group.dataset.id!] = { from: [from.x, from.y], to: [to.x, to.y] };
    }
    return { edges, view: { x: matrix.e, y: matrix.f, zoom: matrix.a, width, height } };
  });

/** Fails unless each edge with an end in view is drawn, and each drawn edge ends where the file says. */
function compare(graph: Graph, { edges, view }: Seen, after: string): void {
  const inView = ({ x, y }: { x: number; y: number }) => {
    const [left, top] = [x * view.zoom + view.x, y * view.zoom + view.y];
    return left > 0 && top > 0 && left < view.width && top < view.height;
  };
  for (const one of graph.edges) {
    const ends = { from: endOf(graph, one.from, "out"), to: endOf(graph, one.to, "in") };
    const drawn = edges[edgeKey(one)];
    if (!drawn) {
      expect(inView(ends.from) || inView(ends.to), `${edgeKey(one)} is not drawn after ${after}`).toBe(false);
      continue;
    }
    for (const side of ["from", "to"] as const)
      for (const [index, axis] of (["x", "y"] as const).entries())
        expect(Math.abs(drawn[side][index]! - ends[side][axis]), `${edgeKey(one)} ${side} after ${after}`).toBeLessThan(
          3,
        );
  }
  const known = new Set(graph.edges.map(edgeKey));
  expect(Object.keys(edges).filter((key) => !known.has(key))).toEqual([]);
}

const busy = (): Graph =>
  graphOf(
    "Busy",
    [
      ["ask", "input", {}],
      ["which", "router", { cases: [{ name: "a", rule: { op: "contains", value: "x" } }] }],
      ["facts", "retriever", {}],
      ["brief", "prompt", { template: "{{topic}} {{more}} {{last}}" }],
      ["kit", "tool", { tools: ["builtin/clock"] }],
      ["brain", "llm", {}],
      ["each", "map", {}],
      ["reply", "output", {}],
    ],
    [
      "ask.message > which.value",
      "which.a > brief.topic",
      "which.else > brief.more",
      "ask.message > facts.query",
      "facts.documents > brain.documents",
      "brief.text > brain.instructions",
      "ask.message > brain.message",
      "kit.tools > brain.tools",
      "brain.text > each.items",
      "each.results > reply.reply",
      "facts.documents > reply.documents",
    ],
    {
      ask: [0, 0],
      which: [340, -120],
      facts: [340, 180],
      brief: [700, -140],
      kit: [700, 320],
      brain: [1060, 60],
      each: [1500, -60],
      reply: [2100, 200],
    },
  );

describe("edges", () => {
  it("come back when the graph was out of sight at a small zoom", async () => {
    const graph = busy();
    await open(graph);
    await page.getByRole("button", { name: "Zoom to fit" }).click();
    for (let step = 0; step < 3; step++) await page.getByRole("button", { name: "Zoom out" }).click();
    for (const dx of [3000, -3000]) {
      await page.mouse.move(700, 300);
      await page.mouse.wheel(dx, 0);
      compare(graph, await look(), `a scroll by ${dx}`);
    }
    await page.getByRole("button", { name: "Zoom to 100%" }).click();
    compare(graph, await look(), "100%");
    await page.getByRole("button", { name: "Zoom to fit" }).click();
    const seen = await look();
    compare(graph, seen, "fit");
    expect(Object.keys(seen.edges)).toHaveLength(graph.edges.length);
  });

  it.each([1, 2])("are those of the file after any scrolls, zooms and moves (%i)", async (seed) => {
    let state = seed * 7919;
    const random = (below: number) => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * below);
    };
    let graph = busy();
    const id = await open(graph);
    const pane = (await page.locator(".react-flow").boundingBox())!;
    const point = () => ({ x: pane.x + 60 + random(pane.width - 120), y: pane.y + 60 + random(pane.height - 220) });
    const steps: Record<string, () => Promise<void>> = {
      scroll: () => page.mouse.wheel(random(3000) - 1500, random(2000) - 1000),
      zoom: async () => {
        await page.keyboard.down("Control");
        await page.mouse.wheel(0, random(700) - 350);
        await page.keyboard.up("Control");
      },
      fit: () => page.getByRole("button", { name: "Zoom to fit" }).click(),
      full: () => page.getByRole("button", { name: "Zoom to 100%" }).click(),
      move: async () => {
        const cards = await page.locator(".react-flow__node").all();
        const from = await cards[random(cards.length)]?.boundingBox();
        const at = from && { x: from.x + from.width / 2, y: from.y + Math.min(12, from.height / 2) };
        // Only a press on a card moves it.
        const hit =
          at &&
          (await page.evaluate(
            ({ x, y }) => document.elementFromPoint(x, y)?.closest(".react-flow__node") !== null,
            at,
          ));
        if (!at || !hit) return;
        await pull(at, { x: at.x + random(160) - 80, y: at.y + random(160) - 80 });
        await page.mouse.up();
        // A short pull may end where it began.
        if (await page.getByRole("button", { name: "Undo" }).isEnabled()) graph = await saved(id);
      },
    };
    const names = Object.keys(steps);
    const done: string[] = [];
    for (let step = 0; step < 14; step++) {
      const name = names[random(names.length)]!;
      const { x, y } = point();
      await page.mouse.move(x, y);
      await steps[name]!();
      done.push(name);
      compare(graph, await look(), `${done.join(", ")} (seed ${seed})`);
    }
    await steps.fit!();
    expect(Object.keys((await look()).edges)).toHaveLength(graph.edges.length);
  });
});

describe("a new edge", () => {
  const routed = () =>
    graphOf(
      "Routed",
      [
        ["ask", "input", {}],
        ["which", "router", { cases: [{ name: "a", rule: { op: "contains", value: "x" } }] }],
        ["brief", "prompt", { template: "{{topic}}" }],
        ["reply", "output", {}],
      ],
      ["ask.message > which.value", "which.a > reply.reply", "which.else > reply.reply"],
      { ask: [0, 0], which: [320, -40], brief: [320, 220], reply: [700, 0] },
    );

  it("shows which edges it would replace, says how many it did, and undo brings them back", async () => {
    const id = await open(routed());
    await pull(await center(port("ask", "message", "source")), await center(port("reply", "reply", "target")));
    for (const key of ["which.a>reply.reply", "which.else>reply.reply"])
      await edge(key).locator(".edge-replaced").waitFor();
    expect(await edge("ask.message>which.value").locator(".edge-replaced").count()).toBe(0);
    await page.mouse.up();
    const toast = page.getByRole("listitem").filter({ hasText: "2 connections replaced" });
    // The pointer over it keeps it open.
    await toast.hover();
    await expect
      .poll(async () => (await saved(id)).edges)
      .toEqual([
        { from: "ask.message", to: "which.value" },
        { from: "ask.message", to: "reply.reply" },
      ]);
    expect(await page.locator(".edge-replaced").count()).toBe(0);
    await toast.getByRole("button", { name: "Undo" }).click();
    await expect.poll(async () => (await saved(id)).edges).toEqual(routed().edges);
  });

  it("takes back only itself when the graph has changed since", async () => {
    const id = await open(routed());
    await pull(await center(port("ask", "message", "source")), await center(port("reply", "reply", "target")));
    await page.mouse.up();
    const undo = page
      .getByRole("listitem")
      .filter({ hasText: "2 connections replaced" })
      .getByRole("button", { name: "Undo" });
    await undo.waitFor();
    await pull(await center(port("ask", "message", "source")), await center(port("brief", "topic", "target")));
    await page.mouse.up();
    await edge("ask.message>brief.topic").waitFor();
    await undo.click();
    await expect
      .poll(async () => new Set((await saved(id)).edges.map(edgeKey)))
      .toEqual(
        new Set([
          "ask.message>which.value",
          "ask.message>brief.topic",
          "which.a>reply.reply",
          "which.else>reply.reply",
        ]),
      );
  });

  it("leaves an edge that a router excludes", async () => {
    const graph = routed();
    graph.edges.pop();
    const id = await open(graph);
    await pull(await center(port("which", "else", "source")), await center(port("reply", "reply", "target")));
    await page.mouse.up();
    await expect.poll(async () => (await saved(id)).edges).toEqual(routed().edges);
    expect(await page.getByText("replaced").count()).toBe(0);
  });

  it.each([
    ["Prompt", "brief.message", { template: "{{message}}" }],
    ["HTTP", "http.message", { method: "POST", body: "{{message}}" }],
    ["Action", "action.message", {}],
  ])("dropped into space offers %s, whose inputs it names", async (title, to, config) => {
    const id = await open(graphOf("Space", [["ask", "input", {}]], [], { ask: [0, 0] }));
    const from = await center(port("ask", "message", "source"));
    await pull(from, { x: from.x + 60, y: from.y + 60 });
    await page.mouse.up();
    await page.getByRole("combobox", { name: "Add node…" }).fill(title);
    await page.getByRole("option", { name: title }).first().click();
    await expect.poll(async () => (await saved(id)).edges).toEqual([{ from: "ask.message", to }]);
    expect((await saved(id)).nodes.at(-1)!.config).toEqual(config);
  });

  it("of a new node replaces the one that the input had", async () => {
    const id = await open(smallGraph());
    const at = await center(port("reply", "reply", "target"));
    await pull(at, { x: at.x - 60, y: at.y + 220 });
    await page.mouse.up();
    await page.getByRole("combobox", { name: "Add node…" }).fill("HTTP");
    await page.keyboard.press("Enter");
    await page.getByText("1 connection replaced").first().waitFor();
    await expect
      .poll(async () => (await saved(id)).edges.filter((one) => one.to === "reply.reply"))
      .toEqual([{ from: "http.body", to: "reply.reply" }]);
  });
});
