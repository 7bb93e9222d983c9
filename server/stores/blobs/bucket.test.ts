/** The whole server, with files and knowledge indexes in a bucket. */
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Task } from "../../contract/task.ts";
import { startMoto, withoutMoto } from "../../testing/s3.ts";
import { type TestApp, testApp } from "../../testing/test-app.ts";

describe.skipIf(withoutMoto())("in a bucket", () => {
  let s3: Awaited<ReturnType<typeof startMoto>>;
  let app: TestApp;
  beforeAll(async () => {
    s3 = await startMoto();
    app = await testApp({
      env: {
        PATCHBAY_FILES: `s3://${s3.location.bucket}/files`,
        PATCHBAY_VECTORS: `s3://${s3.location.bucket}/vectors`,
        AWS_ENDPOINT_URL: s3.location.endpoint!,
        AWS_ACCESS_KEY_ID: s3.location.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.location.secretAccessKey,
      },
    });
  });
  afterAll(async () => {
    await app.close();
    await s3.close();
  });

  test("documents are stored, found and removed there, also after a restart, and never in the data folder", async () => {
    await app.json("POST", "/api/knowledge", { body: { name: "handbook" }, status: 201 });
    const { documents } = await app.json<{ documents: { id: string; task: string }[] }>(
      "POST",
      "/api/knowledge/handbook/documents",
      { body: { title: "leave.md", text: "Every employee has fifteen days of paid leave a year." }, status: 202 },
    );
    const { id, task } = documents[0]!;
    await expect
      .poll(() => app.json<Task>("GET", `/api/tasks/${task}`), { timeout: 20_000 })
      .toMatchObject({ status: "done" });
    const find = () => app.json<{ hits: { title: string }[] }>("GET", "/api/knowledge/handbook/search?q=paid+leave");
    expect((await find()).hits[0]).toMatchObject({ title: "leave.md" });
    await app.restart();
    expect((await find()).hits[0]).toMatchObject({ title: "leave.md" });
    expect(await app.json("GET", `/api/knowledge/handbook/documents/${id}`)).toMatchObject({
      text: expect.stringContaining("fifteen days"),
    });
    expect(readdirSync(app.folder)).not.toEqual(expect.arrayContaining([expect.stringMatching(/files|vectors/)]));
    await app.request("DELETE", "/api/knowledge/handbook");
    expect((await app.request("GET", "/api/knowledge/handbook/search?q=leave")).status).toBe(422);
  });
});
