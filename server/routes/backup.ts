/** The whole instance as one file, out and in. */
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { MEDIA_TYPE } from "../backup/format.ts";
import type { BackupOptions } from "../backup/write.ts";
import { RestoreReport } from "../contract/backup.ts";
import { body, describe, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import type { Services } from "../services.ts";

const flag = (text: string) => z.enum(["true", "false"]).default("false").describe(text);
const Passphrase = z
  .string()
  .min(12)
  .max(1000)
  .describe("Secrets are in it, sealed with this; else they are left out.");

export function backupRoutes({ backup }: Pick<Services, "backup">) {
  async function answer(c: Context, options: BackupOptions): Promise<Response> {
    const bytes = await backup.write(options);
    const day = new Date().toISOString().slice(0, 10);
    return c.body(Readable.toWeb(bytes) as globalThis.ReadableStream, 200, {
      "content-type": MEDIA_TYPE,
      "content-disposition": `attachment; filename="patchbay-${day}.tar.gz"`,
    });
  }
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({
        summary: "Back up everything but secrets",
        tag: "backup",
        description: "One file, made as it is read, of one moment however long that takes.",
        response: MEDIA_TYPE,
      }),
      query(z.object({ runs: flag("With the runs that have ended.") })),
      (c) => answer(c, { runs: c.req.valid("query").runs === "true" }),
    )
    .post(
      "/",
      describe({
        summary: "Back up everything, secrets too where a passphrase is given",
        tag: "backup",
        response: MEDIA_TYPE,
      }),
      body(z.strictObject({ runs: z.boolean().optional(), passphrase: Passphrase.optional() })),
      (c) => answer(c, c.req.valid("json")),
    );
}

export function restoreRoutes({ backup }: Pick<Services, "backup">) {
  return new Hono<AppEnv>().post(
    "/",
    describe({
      summary: "Restore a backup",
      tag: "backup",
      description:
        "All of it or, where anything is wrong with it, nothing. MCP servers wait for approval again; the index of knowledge is made anew by tasks. Closing the connection cancels until all is there.",
      body: { media: MEDIA_TYPE, description: "The file as it was written." },
      headers: { "x-backup-passphrase": "The passphrase of its secrets, percent-encoded as in a URL." },
      response: RestoreReport,
      errors: {
        400: "It is no whole backup, of a newer format, or holds secrets and no passphrase came.",
        403: "Another passphrase.",
        409: "This instance is not empty, and it was not to be merged; or another restore is under way.",
      },
    }),
    query(
      z.object({
        merge: flag("Add to what is here; what is here under the same name stays, and is reported."),
        withoutSecrets: flag("Leave out the secrets that are in it."),
      }),
    ),
    async (c) => {
      const { merge, withoutSecrets } = c.req.valid("query");
      const passphrase = passphraseOf(c);
      const bytes = c.req.raw.body;
      if (!bytes) throw new PatchbayError("bad_request", `Send the backup as the body, with the type ${MEDIA_TYPE}.`);
      const report = await backup.restore(
        bytes as unknown as ReadableStream<Uint8Array>,
        {
          merge: merge === "true",
          withoutSecrets: withoutSecrets === "true",
          ...(passphrase !== undefined && { passphrase }),
        },
        c.req.raw.signal,
      );
      return c.json(report);
    },
  );
}

function passphraseOf(c: Context): string | undefined {
  const given = c.req.header("x-backup-passphrase");
  if (given === undefined) return undefined;
  try {
    return decodeURIComponent(given);
  } catch {
    throw new PatchbayError("bad_request", "x-backup-passphrase is not percent-encoded as in a URL.");
  }
}
