import { join } from "node:path";
import { Hono } from "hono";
import { expect, test } from "vitest";
import { listen } from "./listen.ts";

const ROOT = join(import.meta.dirname, "..", "..");

test("in dev mode, both pages and their modules are served, and no other file of the folder", async () => {
  const server = await listen({
    env: { host: "127.0.0.1", port: 0 },
    devRoot: ROOT,
    app: ({ pages, chatPage }) =>
      new Hono()
        .get("/", (c) => pages(c))
        .get("/chat/:slug", (c) => chatPage!(c, []))
        .notFound((c) => c.text("of the app", 401)),
  });
  const get = (path: string) => fetch(server.origin + path);
  try {
    expect(await (await get("/")).text()).toContain("/main.tsx");
    expect(await (await get("/chat/echo")).text()).toContain("/chat/main.tsx");
    for (const path of ["/main.tsx", "/chat/main.tsx", "/@vite/client", `/@fs${join(ROOT, "runtime", "graph.ts")}`])
      expect((await get(path)).status, path).toBe(200);
    // A data folder lies beside the sources.
    for (const path of ["package.json", "server/main.ts", "docs/README.md"])
      for (const query of ["", "?raw", "?url", "?import&raw"])
        expect((await get(`/@fs${join(ROOT, path)}${query}`)).status, path + query).not.toBe(200);
    expect((await get("/api/agents")).status).toBe(401);
  } finally {
    await server.stop({ stop: async () => {} });
  }
});
