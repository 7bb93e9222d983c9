/** Files: uploads, and artifacts of runs. */
import { Hono } from "hono";
import { z } from "zod";
import { FileRef } from "../../runtime/message.ts";
import { FileCard } from "../contract/file.ts";
import { describe, Paging, query } from "../http/describe.ts";
import { fileResponse } from "../http/file-response.ts";
import type { AppEnv } from "../http/guard.ts";
import { upload } from "../http/uploads.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

export function fileRoutes({ files, runFiles }: Pick<Services, "files" | "runFiles">) {
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({
        summary: "List uploads and artifacts, newest first",
        tag: "files",
        description: "The documents of knowledge are not included.",
        response: z.object({ files: z.array(FileCard) }),
      }),
      query(Paging.extend({ owner: z.string().optional().describe("Only files of this key.") })),
      async (c) => c.json({ files: await runFiles.list(c.req.valid("query")) }),
    )
    .post(
      "/",
      describe({
        summary: "Upload a file",
        tag: "files",
        body: { media: "multipart/form-data", description: "One file of up to 100 MiB." },
        response: FileRef,
        status: 201,
        errors: { 413: "The file is too large." },
      }),
      async (c) => {
        return c.json(await files.put(await upload(c)), 201);
      },
    )
    .get(
      "/:id",
      describe({
        summary: "Download a file",
        tag: "files",
        response: "application/octet-stream",
        errors: { 404: "Not found." },
      }),
      async (c) => await fileResponse(files, c.req.param("id")),
    )
    .delete(
      "/:id",
      describe({
        summary: "Delete a file",
        tag: "files",
        response: null,
        status: 204,
        errors: { 404: "Not found." },
      }),
      async (c) => {
        if (!(await runFiles.delete(c.req.param("id")))) throw notFound("file", c.req.param("id"));
        return c.body(null, 204);
      },
    );
}
