/** The real server on a temporary data folder, and a real Chromium signed in to it. Shared by all end-to-end tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import type { Graph } from "../../runtime/graph.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** The first start may build the editor. */
const START_MS = 120_000;

export interface TestServer {
  /** `http://127.0.0.1:PORT` */
  origin: string;
  data: string;
  /** A JSON call as the admin. Throws on a status of 400 or more, with the server's message. */
  call<R = unknown>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<R>;
  /** Kills the process, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again with the same data and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const TOKEN = "e2e-admin-token-0123456789abcdef";

/** Starts the server as `npm start` does. `env` adds to its environment. */
export async function startServer(env: Record<string, string> = {}): Promise<TestServer> {
  const data = await mkdtemp(join(tmpdir(), "patchbay-e2e-"));
  let child: ChildProcess;
  let port = "0";
  const start = async () => {
    child = spawn(join(ROOT, "node_modules/.bin/node"), ["server/start.mjs"], {
      cwd: ROOT,
      env: { PATH: process.env.PATH ?? "", HOME: data, PATCHBAY_DATA: data, PATCHBAY_TOKEN: TOKEN, PORT: port, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const origin = await readyLine(child);
    port = new URL(origin).port;
    return origin;
  };
  const origin = await start();
  const ended = (signal: NodeJS.Signals) =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once("exit", () => resolve());
      child.kill(signal);
    });
  return {
    origin,
    data,
    async call<R>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(origin + path, {
        method,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          ...(body === undefined || body instanceof FormData ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? undefined : body instanceof FormData ? body : JSON.stringify(body),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return (text === "" ? undefined : JSON.parse(text)) as R;
    },
    kill: () => ended("SIGKILL"),
    async restart() {
      await ended("SIGTERM");
      await start();
    },
    async stop() {
      await ended("SIGTERM");
      await rm(data, { recursive: true, force: true });
    },
  };
}

function readyLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`The server did not get ready. It said:\n${said.join("\n")}`));
    }, START_MS);
    const onLine = (line: string) => {
      said.push(line);
      const ready = /Patchbay is ready: (http:\/\/\S+)/.exec(line)?.[1];
      if (!ready) return;
      clearTimeout(timer);
      resolve(new URL(ready).origin);
    };
    createInterface({ input: child.stdout! }).on("line", onLine);
    createInterface({ input: child.stderr! }).on("line", onLine);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`The server ended with ${code}. It said:\n${said.join("\n")}`));
    });
  });
}

export interface BrowserSession {
  browser: Browser;
  context: BrowserContext;
  page: Page;
  /** Exceptions and console errors of the page. A test may expect some and remove them; the others must not occur. */
  errors: string[];
  close(): Promise<void>;
}

export interface SessionOptions {
  width?: number;
  height?: number;
  theme?: "light" | "dark";
  language?: "en" | "zh";
  reducedMotion?: boolean;
}

/** A browser signed in as the admin, on the start page. */
export async function openSession(
  server: Pick<TestServer, "origin">,
  options: SessionOptions = {},
): Promise<BrowserSession> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    args: FLAGS,
  });
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    reducedMotion: options.reducedMotion === false ? "no-preference" : "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
    locale: options.language === "zh" ? "zh-CN" : "en-US",
  });
  context.setDefaultTimeout(15_000);
  const look = JSON.stringify({
    theme: options.theme ?? "light",
    language: options.language ?? "en",
    contrast: "normal",
    railFolded: false,
  });
  await context.addInitScript((text) => {
    if (!localStorage.getItem("patchbay.look")) localStorage.setItem("patchbay.look", text);
  }, look);
  const page = await context.newPage();
  await signIn(page, server.origin);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  return { browser, context, page, errors, close: () => browser.close() };
}

async function signIn(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/`);
  const token = page.locator("input[name=token]");
  const app = page.locator("#root nav");
  await token.or(app).first().waitFor();
  if (!(await token.isVisible())) return;
  await token.fill(TOKEN);
  await token.press("Enter");
  await app.waitFor();
}

/** Saves an agent and returns its id. */
export async function makeAgent(server: TestServer, graph: Graph): Promise<string> {
  const { id } = await server.call<{ id: string }>("POST", "/api/agents", { graph });
  return id;
}

const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** The axe violations of the current page, after animations end (text that fades in has too little contrast). */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const ending = document
      .getAnimations()
      .filter(({ effect, playState }) => playState === "running" && effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((animation) => animation.finished));
    const { axe } = window as unknown as {
      axe: {
        run(
          context: object,
          options: object,
        ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run(
      { exclude: [[".monaco-editor"]] },
      { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] },
    );
    return violations.flatMap((violation) =>
      violation.nodes.map(
        (node) => `${violation.id}: ${node.html.slice(0, 160)} ${node.failureSummary.split("\n")[1] ?? ""}`,
      ),
    );
  });
}
