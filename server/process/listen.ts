/** The HTTP server: address, timeouts, and stopping. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import type { Context, Hono } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import { ownFaults } from "../lib/fault-owner.ts";
import { type Env, isLoopback } from "./env.ts";

export interface Listening {
  /** Local origin, such as `http://127.0.0.1:4400`. */
  origin: string;
  server: Server;
  /** Stops accepting requests, stops the services, then closes remaining connections. */
  stop(opened: { stop(): Promise<void> }): Promise<void>;
}

/** Serves the editor, and the chat page that the origins `frames` may embed. */
export interface Pages {
  pages(c: Context): Response | Promise<Response>;
  chatPage?(c: Context, frames: string[]): Response | Promise<Response>;
}

export interface ListenOptions extends Partial<Pages> {
  env: Pick<Env, "host" | "port">;
  // biome-ignore lint/suspicious/noExplicitAny: the context type of the app does not matter here.
  app(pages: Pages): Hono<any>;
  /** Project folder. When set, the editor is served from its sources with hot reload. */
  devRoot?: string;
}

/** Rejects as `listen` does when the address is not available. Call it before anything else starts. */
export async function canListen({ host, port }: { host: string; port: number }): Promise<void> {
  const probe = createNetServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

/** Rejects with `unavailable` and one line when the port is taken or the address is not this machine's. */
export async function listen({ env, app, pages, chatPage, devRoot }: ListenOptions): Promise<Listening> {
  const { host, port } = env;
  // How often Node checks the timeouts below. Default: every 30 s.
  const server = createServer({ connectionsCheckingInterval: 5_000 });
  const dev = devRoot ? await devPages(devRoot, server) : undefined;
  const { fetch } = app({ pages: dev?.pages ?? pages ?? noPages, chatPage: dev?.chatPage ?? chatPage });
  const listener = getRequestListener(fetch);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const id = `${request.method} ${request.url?.split("?")[0]}`;
    ownFaults({ kind: "request", id, fail: () => failResponse(response) }, () => {
      if (dev) dev.modules(request, response, () => void listener(request, response));
      else void listener(request, response);
    });
  });
  server.headersTimeout = 15_000;
  // Long enough for a large upload on a slow connection. JSON bodies have a shorter deadline.
  server.requestTimeout = 600_000;
  server.keepAliveTimeout = 65_000;

  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  assert(
    !isLoopback(host) || isLoopback(address.address),
    `asked for ${host}, but the system bound ${address.address}`,
  );
  const name = isLoopback(host) || host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return {
    origin: `http://${name.includes(":") ? `[${name}]` : name}:${address.port}`,
    server,
    async stop(opened) {
      server.close();
      server.closeIdleConnections();
      await opened.stop();
      server.closeAllConnections();
      await dev?.close();
    },
  };
}

/** Ends a response after a fault: a client that got nothing reads the error, one in the middle sees the connection end. */
function failResponse(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const error = { code: "internal", message: "An error inside Patchbay ended this request. The log has the details." };
  response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify({ error }));
}

/** Requests that vite answers: its own modules, the packages, and the sources. */
const SOURCE = /^\/(?:@|node_modules\/)|\.(?:tsx?|css|svg|woff2?)(?:\?|$)/;

/** What vite may read. Modules do not pass the guard, so nothing but the program is in these folders. */
const SOURCE_FOLDERS = ["editor", "nodes", "runtime", "node_modules"];

/** Both pages from their sources, with hot reload. The pages pass the guard. */
async function devPages(root: string, server: Server) {
  const { createServer: createVite } = await import("vite");
  const vite = await createVite({
    configFile: `${root}/vite.config.ts`,
    logLevel: "warn",
    server: {
      middlewareMode: true,
      hmr: { server },
      fs: { strict: true, allow: SOURCE_FOLDERS.map((folder) => join(root, folder)) },
    },
    appType: "custom",
  });
  const html = async (c: Context, name: string) =>
    c.html(await vite.transformIndexHtml(c.req.path, await readFile(join(root, "editor", name), "utf8")));
  return {
    pages: (c: Context) => html(c, "index.html"),
    chatPage: (c: Context) => html(c, "chat.html"),
    /** Calls `next` for a request that is not for a module. */
    modules(request: IncomingMessage, response: ServerResponse, next: () => void): void {
      if (SOURCE.test(request.url ?? "")) vite.middlewares(request, response, next);
      else next();
    },
    close: () => vite.close(),
  };
}

function noPages(): Response {
  throw new PatchbayError("not_found", "This server serves no pages.");
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): PatchbayError {
  const message =
    error.code === "EADDRINUSE"
      ? `Port ${port} is in use. Stop the program that uses it, or set PORT to another port (0 uses any free one).`
      : error.code === "EACCES"
        ? `No permission to use port ${port}. Set PORT to a port above 1023.`
        : error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND"
          ? `HOST ${host} is not an address of this machine.`
          : `Cannot listen on ${host}:${port}: ${error.message}.`;
  return new PatchbayError("unavailable", message, { cause: error });
}
