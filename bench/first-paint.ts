/**
 * The first visit to the built editor with an empty cache: milliseconds to the first paint and until the page is ready;
 * requests and bytes sent in total; and the gzip size of the scripts and styles loaded before the page is ready (not of
 * what loads later, such as panels and Monaco). The baseline in the same run is a line of text from the same server.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { makeAgent, openSession, startServer } from "../editor/e2e/harness.ts";
import { benchGraph } from "./bare-flow/graph.ts";
import { percentile } from "./numbers.ts";
import { ROOT } from "./processes.ts";

const TARGET = { paintMs: 1500, packedBytes: 600_000 };

interface Visit {
  paintMs: number;
  readyMs: number;
  requests: number;
  sentBytes: number;
  packedBytes: number;
}

type State = Awaited<ReturnType<Awaited<ReturnType<typeof openSession>>["context"]["storageState"]>>;

export async function run({ full }: { full?: boolean }) {
  const rounds = full ? 9 : 5;
  const server = await startServer();
  const session = await openSession(server);
  try {
    const agent = await makeAgent(server, benchGraph(100));
    const pages: [string, string, string][] = [
      ["a line of text", "/healthz", "body"],
      ["agents", "/", 'a[href^="/agents/"]'],
      ["an agent of 100 nodes", `/agents/${agent}`, ".react-flow__node"],
      ["models", "/models", "h1"],
    ];
    const state = await session.context.storageState();
    const report: Record<string, Visit> = {};
    console.log("first visit".padEnd(24), "   painted", "   ready", "requests", "   sent", "  needed");
    for (const [name, path, ready] of pages) {
      const visits: Visit[] = [];
      for (let n = 0; n < rounds; n++) visits.push(await visit(session.browser, server.origin + path, ready, state));
      report[name] = medianVisit(visits);
      print(name, report[name]);
    }
    return { target: TARGET, pages: report };
  } finally {
    await session.close();
    await server.stop();
  }
}

/** In a context of its own, whose cache is empty. */
async function visit(browser: Browser, url: string, ready: string, storageState: State): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, storageState });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  let sentBytes = 0;
  cdp.on("Network.loadingFinished", ({ encodedDataLength }) => {
    sentBytes += encodedDataLength;
  });
  let requests = 0;
  page.on("request", () => requests++);
  await context.addInitScript((selector) => {
    const look = () => {
      if (!document.querySelector(selector)) return;
      performance.mark("ready");
      observer.disconnect();
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { childList: true, subtree: true });
  }, ready);
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName("ready").length > 0);
  await page.waitForLoadState("networkidle");
  const { paintMs, readyMs, needed } = await page.evaluate(() => {
    const readyMs = performance.getEntriesByName("ready")[0]!.startTime;
    return {
      paintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
      readyMs,
      needed: performance
        .getEntriesByType("resource")
        .filter((entry) => entry.startTime < readyMs)
        .map((entry) => new URL(entry.name).pathname),
    };
  });
  await context.close();
  const packedBytes = needed
    .filter((path) => /^\/assets\/.*\.(?:js|css)$/.test(path))
    .reduce((sum, path) => sum + gzipSync(readFileSync(join(ROOT, "dist", "editor", path))).length, 0);
  return { paintMs, readyMs, requests, sentBytes, packedBytes };
}

function medianVisit(visits: Visit[]): Visit {
  const of = (pick: (visit: Visit) => number) => Math.round(percentile(visits.map(pick), 0.5));
  return {
    paintMs: of((visit) => visit.paintMs),
    readyMs: of((visit) => visit.readyMs),
    requests: of((visit) => visit.requests),
    sentBytes: of((visit) => visit.sentBytes),
    packedBytes: of((visit) => visit.packedBytes),
  };
}

function print(name: string, { paintMs, readyMs, requests, sentBytes, packedBytes }: Visit): void {
  const kb = (bytes: number) => `${Math.round(bytes / 1000)} kB`;
  console.log(
    name.padEnd(24),
    `${paintMs} ms`.padStart(10),
    `${readyMs} ms`.padStart(8),
    String(requests).padStart(8),
    kb(sentBytes).padStart(7),
    kb(packedBytes).padStart(8),
    paintMs < TARGET.paintMs && packedBytes < TARGET.packedBytes ? "" : "over the target",
  );
}
