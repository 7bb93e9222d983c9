/**
 * The editor's canvas in a real Chromium, compared with a bare React Flow page with as many nodes at the same positions:
 * time to open, main-thread work per pointer move, slow frames, bytes, and memory during editing.
 *
 * Work is processor time of the page's main thread (`TaskDuration` in thread time), not frame times: a headless browser
 * merges the input that a slow page does not take, so its frames look fine while it lags.
 */
import { createReadStream, existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import react from "@vitejs/plugin-react";
import type { Browser, CDPSession, Page } from "playwright-core";
import { build } from "vite";
import { type BrowserSession, makeAgent, openSession, startServer, type TestServer } from "../editor/e2e/harness.ts";
import { startMockModel } from "../server/testing/mock-model.ts";
import { benchGraph } from "./bare-flow/graph.ts";
import { percentile } from "./numbers.ts";
import { ROOT } from "./processes.ts";

const SIZES = [100, 500, 1000, 2000];
const GESTURES = ["drag", "pan", "zoom"] as const;
type Gesture = (typeof GESTURES)[number] | "stream";

/** What a page costs under one gesture. */
interface Cost {
  /** Milliseconds of the main thread for each move: all tasks; of them script, and style with layout. */
  work: number;
  script: number;
  layout: number;
  /** Moves that the page took in three seconds. A display shows about 180. */
  moves: number;
  /** Frames of 50 ms and more. */
  slow: number;
}
interface Measured {
  openMs: number;
  bytes: number;
  rendered: number;
  gestures: Partial<Record<Gesture, Cost>>;
}
type Kind = "ours" | "visible" | "all";

/** `only`: these sizes alone, and no memory. */
export async function run({ full, only }: { full?: boolean; only?: number[] }) {
  const rounds = full ? 5 : 3;
  const model = await startMockModel({ chunkMs: 12, text: "A token that arrives on its card. ".repeat(2000) });
  const server = await startServer({
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: "k",
    PATCHBAY_DEFAULT_MODEL: "openai/mock",
  });
  const bare = await serveBare();
  const session = await openSession(server, { reducedMotion: false });
  try {
    const sizes: Record<number, Record<Kind, Measured>> = {};
    for (const size of only ?? SIZES) {
      const ours = await measureOurs(session, server, size, rounds);
      const address = (only: string) =>
        `${bare.origin}/?${new URLSearchParams({ nodes: String(size), only, ...ours.frame })}`;
      const visible = await measureBare(session.browser, address("visible"), rounds);
      const all = await measureBare(session.browser, address("all"), rounds);
      sizes[size] = { ours: ours.measured, visible, all };
      print(size, sizes[size]);
    }
    if (only) return { sizes };
    const memory = await editing(session, server, full ? 600 : 60);
    console.log(
      `memory over ${memory.seconds} s of editing ${memory.nodes} nodes: ${memory.firstMb} MB after a tenth, ${memory.lastMb} MB at the end`,
    );
    return { sizes, memory };
  } finally {
    await session.close();
    await bare.stop();
    await server.stop();
    await model.close();
  }
}

// --- Pages ---------------------------------------------------------------------------------------------------------

async function measureOurs(session: BrowserSession, server: TestServer, size: number, rounds: number) {
  const id = await makeAgent(server, benchGraph(size));
  const opened = await open(
    session.browser,
    `${server.origin}/agents/${id}`,
    rounds,
    await session.context.storageState(),
  );
  const { page, close } = opened;
  const frame = await page.evaluate(() => {
    const box = document.querySelector(".react-flow")!.getBoundingClientRect();
    const { transform } = document.querySelector<HTMLElement>(".react-flow__viewport")!.style;
    const [x = 0, y = 0, zoom = 1] = [...transform.matchAll(/-?[\d.]+(?=px|\))/g)].map((match) => Number(match[0]));
    return Object.fromEntries(
      Object.entries({ width: box.width, height: box.height, x, y, zoom }).map(([key, value]) => [key, String(value)]),
    );
  });
  const gestures: Measured["gestures"] = await measureGestures(page, rounds);
  // The same drag while a run streams into the card beside it, from where the page opens.
  await page.evaluate(() => sessionStorage.clear());
  await page.reload();
  await page.locator('.react-flow__node[data-id="p-21"]').waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByLabel("Message", { exact: true }).fill("Go on");
  await page.keyboard.press("Enter");
  await page.locator('.react-flow__node[data-id="p-1"]').getByText("A token that").waitFor({ timeout: 60_000 });
  gestures.stream = await median(rounds, () => gesture(page, "drag"));
  await close();
  return { frame, measured: { ...opened.measured, gestures } };
}

async function measureBare(browser: Browser, url: string, rounds: number): Promise<Measured> {
  const { page, measured, close } = await open(browser, url, rounds);
  const gestures = await measureGestures(page, rounds);
  await close();
  return { ...measured, gestures };
}

type State = Awaited<ReturnType<BrowserSession["context"]["storageState"]>>;

/** Opens a page several times in a browser that knows its files, then leaves it open. Bytes are of the first time. */
async function open(browser: Browser, url: string, rounds: number, storageState?: State) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, storageState });
  await context.addInitScript(watch);
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  let bytes = 0;
  cdp.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  const times: number[] = [];
  let first = 0;
  for (let round = 0; round <= rounds; round++) {
    await page.goto(url);
    await page.waitForFunction(() => (window as unknown as Watched).openedAt !== undefined);
    const openedAt = await page.evaluate(() => (window as unknown as Watched).openedAt!);
    if (round > 0) times.push(openedAt);
    else {
      await page.waitForLoadState("networkidle");
      first = bytes;
    }
  }
  await page.waitForLoadState("networkidle");
  const rendered = await page.locator(".react-flow__node").count();
  return {
    page,
    measured: { openMs: Math.round(percentile(times, 0.5)), bytes: first, rendered },
    close: () => context.close(),
  };
}

interface Watched {
  /** Milliseconds from the navigation until nodes and edges were painted. */
  openedAt?: number;
  slowFrames: number;
}

/** In the page: when it was open, and how many frames took long. */
function watch(): void {
  const seen = window as unknown as Watched;
  seen.slowFrames = 0;
  new PerformanceObserver((list) => {
    seen.slowFrames += list.getEntries().length;
  }).observe({ type: "long-animation-frame", buffered: false });
  const look = () => {
    const node = document.querySelector<HTMLElement>(".react-flow__node");
    if (!node || getComputedStyle(node).visibility === "hidden" || !document.querySelector(".react-flow__edge path"))
      return requestAnimationFrame(look);
    return requestAnimationFrame(() => {
      seen.openedAt = performance.now();
    });
  };
  requestAnimationFrame(look);
}

// --- Gestures ------------------------------------------------------------------------------------------------------

async function measureGestures(page: Page, rounds: number): Promise<Partial<Record<Gesture, Cost>>> {
  const result: Partial<Record<Gesture, Cost>> = {};
  for (const kind of GESTURES) {
    await gesture(page, kind, 400); // The first time compiles.
    result[kind] = await median(rounds, () => gesture(page, kind));
  }
  return result;
}

async function median(rounds: number, measure: () => Promise<Cost>): Promise<Cost> {
  const costs: Cost[] = [];
  for (let round = 0; round < rounds; round++) costs.push(await measure());
  const of = (pick: (cost: Cost) => number) => percentile(costs.map(pick), 0.5);
  return {
    work: of((cost) => cost.work),
    script: of((cost) => cost.script),
    layout: of((cost) => cost.layout),
    moves: of((cost) => cost.moves),
    slow: costs.reduce((sum, cost) => sum + cost.slow, 0),
  };
}

/** Moves for `ms`, each sent when the page has taken the last, and reads what that cost. */
async function gesture(page: Page, kind: (typeof GESTURES)[number], ms = 1000): Promise<Cost> {
  const cdp = await cdpSession(page);
  const at = kind === "drag" ? await onNode(page, "p-21") : await onPane(page);
  await page.mouse.move(at.x, at.y);
  if (kind === "zoom") await page.keyboard.down("Control");
  else {
    await page.mouse.down();
    await page.mouse.move(at.x + 6, at.y + 6);
  }
  const before = await read(cdp, page);
  const end = performance.now() + ms;
  let moves = 0;
  for (; performance.now() < end; moves++) {
    const turn = moves / 12;
    if (kind === "zoom") await page.mouse.wheel(0, moves % 20 < 10 ? 12 : -12);
    else {
      const radius = kind === "drag" ? 60 : 240;
      await page.mouse.move(at.x + radius * Math.sin(turn), at.y + 12 + radius * (1 - Math.cos(turn)) * 0.6);
    }
  }
  const after = await read(cdp, page);
  if (kind === "drag" && (await onNode(page, "p-21")).y === at.y) throw new Error("The drag moved nothing.");
  if (kind === "zoom") await page.keyboard.up("Control");
  else {
    await page.mouse.move(at.x, at.y);
    await page.mouse.up();
  }
  return {
    work: (after.task - before.task) / moves,
    script: (after.script - before.script) / moves,
    layout: (after.layout - before.layout) / moves,
    moves: Math.round((moves * 3000) / ms),
    slow: after.slow - before.slow,
  };
}

const sessions = new WeakMap<Page, CDPSession>();
async function cdpSession(page: Page): Promise<CDPSession> {
  const known = sessions.get(page);
  if (known) return known;
  const made = await page.context().newCDPSession(page);
  // Thread time: what other programs do on this machine meanwhile is not counted.
  await made.send("Performance.enable", { timeDomain: "threadTicks" });
  sessions.set(page, made);
  return made;
}

async function read(cdp: CDPSession, page: Page) {
  const { metrics } = await cdp.send("Performance.getMetrics");
  const of = (wanted: string) => (metrics.find((metric) => metric.name === wanted)?.value ?? Number.NaN) * 1000;
  const slow = await page.evaluate(() => (window as unknown as Watched).slowFrames);
  return {
    task: of("TaskDuration"),
    script: of("ScriptDuration"),
    layout: of("RecalcStyleDuration") + of("LayoutDuration"),
    slow,
  };
}

async function onNode(page: Page, id: string): Promise<{ x: number; y: number }> {
  const box = await page.locator(`.react-flow__node[data-id="${id}"]`).boundingBox();
  if (!box) throw new Error(`The node ${id} is not in view.`);
  return { x: box.x + box.width / 2, y: box.y + 10 };
}

/** A point of the canvas with nothing on it, as near to its middle as may be. */
function onPane(page: Page): Promise<{ x: number; y: number }> {
  return page.evaluate(() => {
    const box = document.querySelector(".react-flow")!.getBoundingClientRect();
    for (let step = 0; step < 400; step++) {
      const x = box.x + box.width / 2 + (step % 20) * 7;
      const y = box.y + box.height / 2 - Math.floor(step / 20) * 7;
      if (document.elementFromPoint(x, y)?.classList.contains("react-flow__pane")) return { x, y };
    }
    throw new Error("No free position on the canvas.");
  });
}

// --- Memory --------------------------------------------------------------------------------------------------------

/** Drags, duplicates, deletes and undoes on 500 nodes. The heap after garbage collection must not grow. */
async function editing(session: BrowserSession, server: TestServer, seconds: number) {
  const nodes = 500;
  const id = await makeAgent(server, benchGraph(nodes));
  const { page } = session;
  await page.goto(`${server.origin}/agents/${id}`);
  await page.locator('.react-flow__node[data-id="p-21"]').waitFor();
  const cdp = await cdpSession(page);
  const heap = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    const { usedSize } = await cdp.send("Runtime.getHeapUsage");
    return Math.round(usedSize / 1e5) / 10;
  };
  const began = performance.now();
  let firstMb: number | undefined;
  while (performance.now() - began < seconds * 1000) {
    const at = await onNode(page, "p-21");
    await page.mouse.move(at.x, at.y);
    await page.mouse.down();
    for (let step = 1; step <= 10; step++) await page.mouse.move(at.x + step * 4, at.y + step * 2);
    await page.mouse.up();
    await page.keyboard.press("Control+d");
    await page.keyboard.press("Backspace");
    for (let step = 0; step < 3; step++) await page.keyboard.press("Control+z");
    if (firstMb === undefined && performance.now() - began > seconds * 100) firstMb = await heap();
  }
  return { nodes, seconds, firstMb, lastMb: await heap() };
}

// --- The bare page -------------------------------------------------------------------------------------------------

const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** Builds the bare page as the editor is built, and serves it with the same care for caches. */
async function serveBare(): Promise<{ origin: string; stop(): Promise<void> }> {
  const outDir = await mkdtemp(join(tmpdir(), "patchbay-bare-flow-"));
  await build({
    root: join(ROOT, "bench/bare-flow"),
    configFile: false,
    logLevel: "error",
    plugins: [react()],
    build: { outDir, emptyOutDir: true, target: "es2023" },
  });
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    const file = join(outDir, normalize(pathname === "/" ? "/index.html" : pathname));
    if (!file.startsWith(outDir) || !existsSync(file)) return void response.writeHead(404).end();
    const cache = pathname.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    response.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "cache-control": cache,
    });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(outDir, { recursive: true, force: true });
    },
  };
}

// --- Output ---------------------------------------------------------------------------------------------------------

function print(size: number, { ours, visible, all }: Record<Kind, Measured>): void {
  const row = (what: string, ...cells: (string | number)[]) =>
    console.log(what.padEnd(24) + cells.map((cell) => String(cell).padStart(14)).join(""));
  const ratio = (a: number, b: number) => `${(a / b).toFixed(2)}×`;
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  row(`${size} nodes`, "ours", "bare, visible", "ours/bare", "bare, all");
  row("  open", `${ours.openMs} ms`, `${visible.openMs} ms`, ratio(ours.openMs, visible.openMs), `${all.openMs} ms`);
  row("  nodes drawn", ours.rendered, visible.rendered, "", all.rendered);
  row("  bytes, first time", kb(ours.bytes), kb(visible.bytes), "", kb(all.bytes));
  for (const kind of [...GESTURES, "stream"] as const) {
    const mine = ours.gestures[kind]!;
    // The bare page has no runs: a drag during a run is compared with the same drag without one.
    const plain = visible.gestures[kind === "stream" ? "drag" : kind]!;
    const whole = all.gestures[kind === "stream" ? "drag" : kind]!;
    row(`  ${kind}, a move`, ms(mine.work), ms(plain.work), ratio(mine.work, plain.work), ms(whole.work));
    row("    script of it", ms(mine.script), ms(plain.script), ratio(mine.script, plain.script), ms(whole.script));
    row("    style and layout", ms(mine.layout), ms(plain.layout), ratio(mine.layout, plain.layout), ms(whole.layout));
    row("    moves in 3 s", mine.moves, plain.moves, "", whole.moves);
    row("    frames over 50 ms", mine.slow, plain.slow, "", whole.slow);
  }
}

const kb = (bytes: number) => `${Math.round(bytes / 1000)} kB`;
