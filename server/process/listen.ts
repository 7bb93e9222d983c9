/** The HTTP server around the app: where it listens, how long it waits, how it stops. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, Hono } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import { type Env, isLoopback } from "./env.ts";

export interface Listening {
  /** Where this machine reaches it: `http://127.0.0.1:4400`. */
  origin: string;
  server: Server;
  /** Takes no more requests, lets runs come to rest, closes the stores. */
  stop(opened: { stop(): Promise<void> }): Promise<void>;
}

/** How pages are served: the built editor, and the chat page that `frames` may frame. */
export interface Pages {
  pages(c: Context): Response | Promise<Response>;
  chatPage?(c: Context, frames: string[]): Response | Promise<Response>;
}

export interface ListenOptions extends Partial<Pages> {
  env: Pick<Env, "host" | "port">;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the app keeps in its context is its own.
  app(pages: Pages): Hono<any>;
  /** The project's folder: the editor is then served from its sources, with hot reload. */
  devRoot?: string;
}

/** Rejects as `listen` would where it could not have the address, before anything else was begun. */
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
  // How often the limits below are looked at: by default only each half minute.
  const server = createServer({ connectionsCheckingInterval: 5_000 });
  const dev = devRoot ? await devPages(devRoot, server) : undefined;
  const { fetch } = app({ pages: dev?.pages ?? pages ?? noPages, chatPage: dev?.chatPage ?? chatPage });
  const listener = getRequestListener(fetch);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => void listener(request, response));
  server.headersTimeout = 15_000;
  // Long enough for a large upload over a slow line; bodies of JSON have a shorter limit of their own.
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

/** Vite as middleware: only what the gate let through reaches it. */
async function devPages(root: string, server: Server) {
  const { createServer: createVite } = await import("vite");
  const vite = await createVite({
    configFile: `${root}/vite.config.ts`,
    logLevel: "warn",
    server: { middlewareMode: true, hmr: { server } },
    appType: "spa",
  });
  const pages = (c: Context): Promise<Response> => {
    const { incoming, outgoing } = c.env as HttpBindings;
    return new Promise((resolve, reject) => {
      outgoing.once("close", () => resolve(RESPONSE_ALREADY_SENT));
      vite.middlewares(incoming, outgoing, (error?: unknown) =>
        error ? reject(error) : reject(new PatchbayError("not_found", `There is no ${c.req.path}.`)),
      );
    });
  };
  return {
    pages,
    chatPage(c: Context): Promise<Response> {
      (c.env as HttpBindings).incoming.url = "/chat.html";
      return pages(c);
    },
    close: () => vite.close(),
  };
}

function noPages(): Response {
  throw new PatchbayError("not_found", "This server has no pages.");
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): PatchbayError {
  const what =
    error.code === "EADDRINUSE"
      ? `Port ${port} is in use; stop what listens there, or set PORT to another (0 takes any free one).`
      : error.code === "EACCES"
        ? `Port ${port} needs rights that this process does not have; set PORT to one above 1023.`
        : error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND"
          ? `HOST ${host} is no address of this machine.`
          : `Cannot listen on ${host}:${port}: ${error.message}.`;
  return new PatchbayError("unavailable", what, { cause: error });
}
