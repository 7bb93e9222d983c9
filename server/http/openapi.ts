/** Generates the OpenAPI 3.1 document from the routes. */
import type { Context, Hono } from "hono";
import { generateSpecs } from "hono-openapi";
import { z } from "zod";
import { Graph } from "../../runtime/graph.ts";
import { ErrorBody } from "./describe.ts";
import type { AppEnv } from "./guard.ts";

/** `GET /openapi.json`. The document is generated on the first call. */
export function openApiRoute(app: Hono<AppEnv>) {
  let document: Promise<unknown> | undefined;
  return async (c: Context) => {
    document ??= generateSpecs(app, {
      documentation: {
        openapi: "3.1.0",
        info: {
          title: "Patchbay",
          version: "1",
          description:
            "/api builds agents and takes the admin token as a bearer token, or the sign-in cookie. /v1 calls published agents and takes an agent key as a bearer token.",
        },
        components: {
          schemas: {
            Error: z.toJSONSchema(ErrorBody, { io: "output" }) as object,
            Graph: z.toJSONSchema(Graph, { io: "input", unrepresentable: "any" }) as object,
          },
          securitySchemes: {
            admin: { type: "http", scheme: "bearer", description: "The admin token." },
            key: { type: "http", scheme: "bearer", description: "An agent key (pb_…)." },
          },
        },
        security: [{ admin: [] }],
      },
      exclude: [/^\/(?!api\/|v1\/|mcp)/],
    }).then(secured);
    return c.json(await document);
  };
}

/** Sets the agent key as the security scheme of hosted routes. */
function secured(document: unknown): unknown {
  const { paths } = document as { paths: Record<string, Record<string, Record<string, unknown>>> };
  for (const [path, methods] of Object.entries(paths))
    if (path.startsWith("/v1/") || path.startsWith("/mcp"))
      for (const operation of Object.values(methods))
        operation.security = path.startsWith("/v1/hooks/") ? [] : [{ key: [] }];
  return document;
}
