/** The HTTP app: authorization, request bodies, and all routes. */
import type { Context } from "hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { PatchbayError } from "../runtime/error.ts";
import { MEDIA_TYPE } from "./backup/format.ts";
import type { Auth } from "./http/auth.ts";
import { callerOf } from "./http/caller.ts";
import { errorResponse } from "./http/errors.ts";
import { type AppEnv, guard, isHosted, isSafe } from "./http/guard.ts";
import { LIMITS, readJson, tooLarge } from "./http/intake.ts";
import { openApiRoute } from "./http/openapi.ts";
import { requestLog } from "./http/request-log.ts";
import type { Pages } from "./process/listen.ts";
import { a2aRoutes } from "./published/a2a/routes.ts";
import { agentDocumentRoutes } from "./published/agent-document.ts";
import { chatRoutes } from "./published/chat-page.ts";
import { hostedCors } from "./published/cors.ts";
import { mcpRoutes } from "./published/mcp/routes.ts";
import { isOpenAiPath, openAiErrorResponse } from "./published/openai/errors.ts";
import { openAiRoutes } from "./published/openai/routes.ts";
import { hostedRoutes } from "./published/runs.ts";
import { agentRoutes, checkRoutes } from "./routes/agents.ts";
import { backupRoutes, restoreRoutes } from "./routes/backup.ts";
import { buildRoutes } from "./routes/build.ts";
import { catalogRoutes } from "./routes/catalog.ts";
import { fileRoutes } from "./routes/files.ts";
import { keyRoutes } from "./routes/keys.ts";
import { knowledgeRoutes } from "./routes/knowledge.ts";
import { mcpServerRoutes } from "./routes/mcp-servers.ts";
import { modelRoutes } from "./routes/models.ts";
import { nodeRoutes } from "./routes/nodes.ts";
import { agentRunRoutes, runRoutes } from "./routes/runs.ts";
import { secretRoutes } from "./routes/secrets.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { settingsRoutes } from "./routes/settings.ts";
import { page, signInByCode, signInRoutes } from "./routes/sign-in.ts";
import { taskRoutes } from "./routes/tasks.ts";
import { templateRoutes } from "./routes/templates.ts";
import { toolRoutes } from "./routes/tools.ts";
import { hookRoutes, triggerRoutes } from "./routes/triggers.ts";
import { usageRoutes } from "./routes/usage.ts";
import { usesRoutes } from "./routes/uses.ts";
import type { Services } from "./services.ts";
import { takeTrace } from "./telemetry/incoming.ts";

export interface AppOptions extends Pages {
  services: Services;
  auth: Auth;
}

/** Routes are chained, so that Hono infers their types. */
function routes(services: Services, auth: Auth) {
  return new Hono<AppEnv>()
    .route("/", signInRoutes({ ...services, auth }))
    .route("/api/agents", agentRoutes(services))
    .route("/api/agents", agentRunRoutes(services))
    .route("/api/agents", triggerRoutes(services))
    .route("/api/catalog", catalogRoutes(services))
    .route("/api/backup", backupRoutes(services))
    .route("/api/build", buildRoutes(services))
    .route("/api/check", checkRoutes(services))
    .route("/api/files", fileRoutes(services))
    .route("/api/keys", keyRoutes(services))
    .route("/api/knowledge", knowledgeRoutes(services))
    .route("/api/mcp-servers", mcpServerRoutes(services))
    .route("/api/models", modelRoutes(services))
    .route("/api/nodes", nodeRoutes(services))
    .route("/api/restore", restoreRoutes(services))
    .route("/api/runs", runRoutes(services))
    .route("/api/secrets", secretRoutes(services))
    .route("/api/sessions", sessionRoutes(services))
    .route("/api/settings", settingsRoutes(services))
    .route("/api/tools", toolRoutes(services))
    .route("/api/usage", usageRoutes(services))
    .route("/api/uses", usesRoutes(services))
    .route("/v1", hostedRoutes(services))
    .route("/v1", openAiRoutes(services))
    .route("/v1", a2aRoutes(services))
    .route("/v1", hookRoutes(services))
    .route("/v1", agentDocumentRoutes(services))
    .route("/mcp", mcpRoutes(services))
    .route("/api/tasks", taskRoutes(services))
    .route("/api/templates", templateRoutes(services));
}

export type App = ReturnType<typeof routes>;

export function buildApp({ services, auth, pages, chatPage = noChatPage }: AppOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const { logger } = services;
  const reportOf = (c: Context<AppEnv>) => (thrown: unknown) => logger.report(thrown, { request: c.get("request") });
  app.use(requestLog(logger, services.metrics));
  if (services.env.telemetry) app.use(takeTrace());
  app.onError((error, c) => {
    const thrown =
      error instanceof HTTPException
        ? new PatchbayError("bad_request", error.message || "The request cannot be read.")
        : error;
    const response = (isOpenAiPath(c.req.path) ? openAiErrorResponse : errorResponse)(thrown, reportOf(c));
    for (const [name, value] of c.res.headers) if (!response.headers.has(name)) response.headers.set(name, value);
    return response;
  });
  const isSignedIn = async (c: Context) => {
    const id = await auth.signInOf(c);
    return id !== undefined && (await services.signIns.has(id));
  };
  app.use(
    guard({
      env: services.env,
      auth,
      isSignedIn,
      keys: services.keys,
      readVisitor: services.visitors.read,
      async admitVisitor(key, path) {
        const publication = await services.agents.publication(key.agents[0]!);
        // The link that a visit began with may have been taken back.
        const byLink = publication?.access !== "link" || key.link === publication.link;
        const open = publication && ((publication.access !== "private" && byLink) || key.admin);
        if (!open) throw new PatchbayError("unauthorized", "This visit has ended. Open the chat page again.");
        if (!/^\/v1\/(?:agents|runs|sessions|files)(?:\/|$)/.test(path))
          throw new PatchbayError("forbidden", "A visitor token works on the chat page only.");
      },
      signInPage: (c) => page(c),
      signIn: (c, code) => signInByCode(c, code, { ...services, auth }),
    }),
  );
  app.use("/v1/*", hostedCors(services));
  app.use("/mcp/*", hostedCors(services));
  app.use("/api/*", async (c, next) => {
    await checkBody(c);
    await next();
    c.header("Cache-Control", "no-store");
    c.header("X-Content-Type-Options", "nosniff");
  });
  app.route("/", routes(services, auth));
  app.route(
    "/",
    chatRoutes({
      agents: services.agents,
      nodes: services.nodes,
      models: services.models,
      visitors: services.visitors,
      callerOf: (c) => callerOf(c, services.env),
      isAdmin: (c) => auth.isAdmin(c.req.header("authorization")) || isSignedIn(c),
      page: chatPage,
    }),
  );
  app.get("/openapi.json", openApiRoute(app));
  app.get("/healthz", (c) => c.json({ ok: true }));
  app.get("/readyz", async (c) => {
    const readiness = await services.readiness();
    return c.json(readiness, readiness.ok ? 200 : 503, { "cache-control": "no-store" });
  });
  app.get("/metrics", async (c) => {
    const { text, type } = await services.metrics.read();
    return c.body(text, 200, { "content-type": type, "cache-control": "no-store" });
  });
  app.notFound((c) => {
    if (c.req.path.startsWith("/api/") || isHosted(c.req.path) || !isSafe(c.req.method))
      return errorResponse(new PatchbayError("not_found", `${c.req.method} ${c.req.path} was not found.`), reportOf(c));
    return pages(c);
  });
  return app;
}

function noChatPage(): Response {
  throw new PatchbayError("not_found", "This server serves no pages.");
}

const GRAPH_PATHS = /^\/api\/(?:agents|build|check|runs|templates)(?:\/|$)/;

/** Checks content type, size, depth and keys of a write before its route runs. Routes limit single files. */
async function checkBody(c: Context): Promise<void> {
  if (isSafe(c.req.method)) return;
  const type = c.req.header("content-type") ?? "";
  if (/^multipart\/form-data\s*;/i.test(type)) {
    const length = Number(c.req.header("content-length"));
    if (length > LIMITS.upload + LIMITS.json) throw tooLarge(LIMITS.upload);
    if (Number.isNaN(length))
      await bodyLimit({
        maxSize: LIMITS.upload + LIMITS.json,
        onError: () => {
          throw tooLarge(LIMITS.upload);
        },
      })(c, async () => {});
    return;
  }
  const path = c.req.path;
  // Streamed into a file by its route. Browsers send this content type cross-origin only after a CORS preflight.
  if (path === "/api/restore" && type === MEDIA_TYPE) return;
  await readJson(
    c,
    GRAPH_PATHS.test(path) ? LIMITS.graph : path === "/api/tools/import" ? LIMITS.openapi : LIMITS.json,
  );
}
