/** Backup and restore of the whole instance as one file. */
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
  .describe("Encrypts the secrets in the backup. Without it, secrets are not included.");

export function backupRoutes({ backup }: Pick<Services, "backup">) {
  async function backupResponse(c: Context, options: BackupOptions): Promise<Response> {
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
        summary: "Back up everything except secrets",
        tag: "backup",
        description: "Streams one file, a consistent snapshot of the time of the request.",
        response: MEDIA_TYPE,
      }),
      query(z.object({ runs: flag("Include ended runs.") })),
      (c) => backupResponse(c, { runs: c.req.valid("query").runs === "true" }),
    )
    .post(
      "/",
      describe({
        summary: "Back up everything, with secrets if a passphrase is given",
        tag: "backup",
        response: MEDIA_TYPE,
      }),
      body(z.strictObject({ runs: z.boolean().optional(), passphrase: Passphrase.optional() })),
      (c) => backupResponse(c, c.req.valid("json")),
    );
}

export function restoreRoutes({ backup }: Pick<Services, "backup">) {
  return new Hono<AppEnv>().post(
    "/",
    describe({
      summary: "Restore a backup",
      tag: "backup",
      description:
        "Restores the whole backup, or nothing if it is invalid. MCP servers must be approved again, and tasks rebuild the knowledge index. Closing the connection during the upload cancels the restore.",
      body: { media: MEDIA_TYPE, description: "The backup file." },
      headers: { "x-backup-passphrase": "The passphrase of the secrets, percent-encoded." },
      response: RestoreReport,
      errors: {
        400: "The file is not a complete backup, has a newer format, or needs a passphrase.",
        403: "Wrong passphrase.",
        409: "This instance is not empty and `merge` is not set, or another restore is running.",
      },
    }),
    query(
      z.object({
        merge: flag("Add to the existing data. Existing records stay; conflicts are reported."),
        withoutSecrets: flag("Skip the secrets in the backup."),
      }),
    ),
    async (c) => {
      const { merge, withoutSecrets } = c.req.valid("query");
      const passphrase = passphraseOf(c);
      const bytes = c.req.raw.body;
      if (!bytes)
        throw new PatchbayError(
          "bad_request",
          `The body is empty. Send the backup with "Content-Type: ${MEDIA_TYPE}".`,
        );
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
    throw new PatchbayError("bad_request", "The header x-backup-passphrase is not valid percent-encoding.");
  }
}
