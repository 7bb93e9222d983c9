/** Which files are deleted with which runs, by a whole server. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { graphOf } from "../../runtime/testing/play.ts";
import { type TestApp, testApp } from "../testing/test-app.ts";

const DAY = 86_400_000;
const reading = graphOf({ ask: "input", brain: "llm", reply: "output" }, [
  "ask.message brain.message",
  "ask.files brain.files",
  "brain.text reply.reply",
]);
const asking = graphOf({ ask: "input", person: ["approval", {}], reply: "output" }, [
  "ask.files person.value",
  "person.approved reply.reply",
  "person.rejected reply.reply",
]);
let app: TestApp;
beforeAll(async () => {
  app = await testApp();
  await app.publish(reading, "chat");
});
afterAll(() => app.close());

async function upload(token: string | undefined, name: string): Promise<string> {
  const form = new FormData();
  form.append("file", new File([`bytes of ${name}`], name, { type: "text/plain" }));
  const path = token === undefined ? "/api/files" : "/v1/files";
  return (await app.json<{ id: string }>("POST", path, { body: form, token, status: 201 })).id;
}
const call = (token: string, session: string | undefined, ...files: string[]) =>
  app.json<{ id: string }>("POST", "/v1/agents/chat/runs", {
    body: { input: { message: "x", files }, session },
    token,
  });
const has = async (file: string) => (await app.request("GET", `/api/files/${file}`)).status === 200;
const remove = (path: string, token?: string, status = 204) => app.json("DELETE", path, { token, status });

test("a session is deleted with its uploads, but not with one that another session uses", async () => {
  const { key } = await app.key();
  const [own, shared] = [await upload(key, "own.txt"), await upload(key, "shared.txt")];
  await call(key, "a", own, shared);
  await call(key, "a", own);
  await call(key, "b", shared);
  await remove("/v1/sessions/a", key);
  expect([await has(own), await has(shared)]).toEqual([false, true]);
  await remove("/v1/sessions/b", key);
  expect(await has(shared)).toBe(false);
});

test("a run is deleted with the files that it was given", async () => {
  const { id } = await app.json<{ id: string }>("POST", "/api/runs", {
    body: { graph: reading, input: { message: "x", files: [await upload(undefined, "admin.txt")] } },
  });
  const { files } = await app.json<{ files: { id: string; name: string }[] }>("GET", "/api/files?limit=1");
  expect(files[0]).toMatchObject({ name: "admin.txt" });
  await remove(`/api/runs/${id}`);
  expect(await has(files[0]!.id)).toBe(false);
});

test("a caller deletes its own files only; the admin lists and deletes all, without the documents of knowledge", async () => {
  const [mine, theirs] = [await app.key(), await app.key()];
  const file = await upload(mine.key, "mine.txt");
  await remove(`/v1/files/${file}`, theirs.key, 404);
  expect(await has(file)).toBe(true);
  await app.json("POST", "/api/knowledge", { body: { name: "handbook" }, status: 201 });
  const form = new FormData();
  form.append("files", new File(["Fifteen days a year."], "leave.md"));
  await app.json("POST", "/api/knowledge/handbook/documents", { body: form, status: 202 });
  const list = async (query = "") =>
    (await app.json<{ files: { id: string; name: string; owner?: string }[] }>("GET", `/api/files${query}`)).files;
  expect((await list()).map(({ name }) => name)).not.toContain("leave.md");
  expect(await list(`?owner=${mine.id}`)).toEqual([
    { id: file, name: "mine.txt", mediaType: "text/plain", bytes: 17, owner: mine.id, createdAt: expect.any(Number) },
  ]);
  await app.json("GET", "/api/files", { token: mine.key, status: 401 });
  await remove(`/v1/files/${file}`, mine.key);
  await remove(`/v1/files/${file}`, mine.key, 404);
  expect(await list(`?owner=${mine.id}`)).toEqual([]);
});

test("old files go when no run uses them any more; documents of knowledge and files of open runs stay", async () => {
  const { key } = await app.key();
  const [used, unused] = [await upload(key, "used.txt"), await upload(key, "unused.txt")];
  await call(key, undefined, used);
  const open = await upload(undefined, "open.txt");
  await app.json("POST", "/api/runs", { body: { graph: asking, input: { message: "send", files: [open] } } });
  const { log, runFiles, knowledge } = app.services;
  expect(await runFiles.deleteBefore(Date.now() - DAY)).toBe(0);
  const later = Date.now() + DAY;
  await log.deleteBefore(later);
  await runFiles.deleteBefore(later);
  expect([await has(used), await has(open)]).toEqual([false, true]);
  // No use was recorded, and a run of that age is left, which may use it.
  expect(await has(unused)).toBe(true);
  for (const { id } of await log.rows({ status: "waiting" }))
    await app.json("POST", `/api/runs/${id}/cancel`, { body: {} });
  await log.deleteBefore(later);
  await runFiles.deleteBefore(later);
  expect([await has(unused), await has(open)]).toEqual([false, false]);
  const [document] = await knowledge.documents("handbook", {});
  expect((await knowledge.source("handbook", document!.id)).bytes.byteLength).toBeGreaterThan(0);
});
