/** The setup of most tests here. `harness.ts` is separate, because programs without Vitest use it too. */
import type { Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeEach, expect } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import { type MockModel, type MockOptions, startMockModel } from "../../server/testing/mock-model.ts";
import { smallGraph } from "./graphs.ts";
import {
  type BrowserSession,
  makeAgent,
  openSession,
  type SessionOptions,
  startServer,
  type TestServer,
} from "./harness.ts";

const SHOWN_CHARACTERS = 6000;

export interface SuiteOptions {
  session?: SessionOptions;
  /** A scripted model, registered as `default`; without it the demo model replies. */
  model?: MockOptions;
  /** False if tests provoke errors in the page's console. */
  checkErrors?: boolean;
}

export interface EditorSuite {
  server: TestServer;
  session: BrowserSession;
  page: Page;
  /** The card of a node. */
  card(id: string): Locator;
  /** Creates an agent (the small one by default), opens it, waits for its cards, and returns its id. */
  open(graph?: Graph): Promise<string>;
  /** The graph stored on the server, once everything is saved. */
  saved(id: string): Promise<Graph>;
}

/**
 * Starts a server and a browser for the tests of a file and stops them after the last one. Each test fails on errors of
 * the page.
 */
export function editorSuite(
  options: SuiteOptions & { model: MockOptions },
): Promise<EditorSuite & { model: MockModel }>;
export function editorSuite(options?: SuiteOptions): Promise<EditorSuite>;
export async function editorSuite(options: SuiteOptions = {}): Promise<EditorSuite & { model?: MockModel }> {
  const model = options.model && (await startMockModel(options.model));
  const server = await startServer(
    model && { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "key", PATCHBAY_DEFAULT_MODEL: "openai/mock" },
  );
  const session = await openSession(server, options.session);
  const { page } = session;
  afterAll(async () => {
    await session.close();
    await server.stop();
    await model?.close();
  });
  // A failed wait reports what it waited for; this logs what the page showed instead.
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => {
      const shown = await page.locator("body").ariaSnapshot();
      console.log(`${page.url()} showed:\n${shown.slice(0, SHOWN_CHARACTERS)}`);
    });
  });
  if (options.checkErrors !== false) afterEach(() => expect(session.errors.splice(0)).toEqual([]));
  return {
    server,
    session,
    page,
    ...(model && { model }),
    card: (id) => page.locator(`.react-flow__node[data-id="${id}"]`),
    async open(graph = smallGraph()) {
      const id = await makeAgent(server, graph);
      await page.goto(`${server.origin}/agents/${id}`);
      await page.locator(".react-flow").waitFor();
      if (graph.nodes.length > 0) await page.locator(".react-flow__node").first().waitFor();
      return id;
    },
    async saved(id) {
      await page.getByText("Saved", { exact: true }).waitFor();
      return (await server.call<{ graph: Graph }>("GET", `/api/agents/${id}`)).graph;
    },
  };
}
