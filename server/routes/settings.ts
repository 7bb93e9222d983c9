/** Settings of the whole server. */
import { Hono } from "hono";
import { ServerSettings } from "../contract/settings.ts";
import { body, describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import type { Services } from "../services.ts";

export function settingsRoutes({ settings }: Pick<Services, "settings">) {
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({ summary: "Get the server's settings", tag: "settings", response: ServerSettings }),
      async (c) => c.json(await settings.get()),
    )
    .patch(
      "/",
      describe({
        summary: "Change the server's settings",
        tag: "settings",
        description: "Omitted keys stay unchanged. A shorter `keepRunsDays` deletes older runs immediately.",
        response: ServerSettings,
      }),
      body(ServerSettings.partial()),
      async (c) => c.json(await settings.change(c.req.valid("json"))),
    );
}
