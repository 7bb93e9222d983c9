/** The operator's own node types. The editor loads the same modules for forms, ports and previews. */
import { Hono } from "hono";
import { z } from "zod";
import { describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

const Modules = z.object({ modules: z.array(z.object({ type: z.string(), url: z.string() })) });

export function nodeRoutes({ nodeModules }: Pick<Services, "nodeModules">) {
  return new Hono<AppEnv>()
    .get("/", describe({ summary: "List the node types of PATCHBAY_NODES", tag: "catalog", response: Modules }), (c) =>
      c.json({ modules: [...nodeModules.keys()].map((type) => ({ type, url: `/api/nodes/${type}` })) }),
    )
    .get(
      "/:type",
      describe({
        summary: "Get the module of a node type, as JavaScript",
        tag: "catalog",
        response: "text/javascript",
        errors: { 404: "Not found." },
      }),
      (c) => {
        const type = c.req.param("type");
        const source = nodeModules.get(type);
        if (source === undefined) throw notFound("module for the node type", type);
        return c.body(source, 200, { "content-type": "text/javascript; charset=utf-8" });
      },
    );
}
