import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PatchbayError } from "../../runtime/error.ts";
import type { SearchMode } from "../../runtime/host.ts";
import { type Bench, openBench, temporaryFolder } from "../testing/knowledge.ts";
import { boundedQuery } from "./search.ts";

const { folder, remove } = temporaryFolder();
const benches: Bench[] = [];
async function bench(name: string, ...rest: Parameters<typeof openBench> extends [string, ...infer R] ? R : never) {
  const opened = await openBench(join(folder, name), ...rest);
  benches.push(opened);
  return opened;
}
afterAll(async () => {
  for (const opened of benches) await opened.stop();
  remove();
});

const HANDBOOK = `# Handbook

## Leave

### Annual leave
Every employee has fifteen days of paid leave a year.

### Sick leave
Send a doctor's note within three days.

## Expenses
Hotels are paid up to 120 euros a night.
`;
const HANDBUCH_ZH = `# 员工手册

## 休假

### 年假
员工每年享有十五天带薪年假，入职满五年后增加五天。

## 报销
出差住宿每晚不超过六百元，发票须在三十天内提交。
`;
const never = new AbortController().signal;
const find = async (b: Bench, query: string, options: { limit?: number; mode?: SearchMode; minScore?: number } = {}) =>
  await b.knowledge.search("handbook", query, { limit: 3, mode: "auto", ...options }, never);

test("renamed knowledge keeps its passages and is found under its earlier names, also after a re-index", async () => {
  const b = await bench("rename");
  await b.knowledge.create({ name: "handbook" });
  await b.addNow("handbook", { title: "handbook.md", text: HANDBOOK });
  expect(await b.knowledge.rename("handbook", " staff guide ")).toMatchObject({
    name: "staff guide",
    aliases: ["handbook"],
    documents: 1,
  });
  expect((await b.knowledge.cards()).map(({ name }) => name)).toEqual(["staff guide"]);
  expect((await find(b, "annual leave"))[0]?.text).toContain("fifteen days");
  await b.addNow("handbook", { title: "more.md", text: "Parking is free." });
  await b.settled((await b.knowledge.reindex("handbook")).id);
  expect((await find(b, "annual leave"))[0]?.text).toContain("fifteen days");
  expect((await find(b, "parking"))[0]?.text).toContain("free");
  await expect(b.knowledge.create({ name: "handbook" })).rejects.toMatchObject({ code: "conflict", path: "/name" });
  await b.knowledge.create({ name: "other" });
  for (const [name, next] of [
    ["other", "handbook"],
    ["staff guide", "other"],
  ] as const)
    await expect(b.knowledge.rename(name, next)).rejects.toMatchObject({ code: "conflict", path: "/name" });
  await expect(b.knowledge.rename("other", "../x")).rejects.toMatchObject({ code: "bad_request" });
  expect(await b.knowledge.rename("staff guide", "handbook")).toMatchObject({
    name: "handbook",
    aliases: ["staff guide"],
  });
});

describe("words", () => {
  let b: Bench;
  beforeAll(async () => {
    b = await bench("words");
    await b.knowledge.create({ name: "handbook" });
    for (const [title, text] of [
      ["handbook.md", HANDBOOK],
      ["员工手册.md", HANDBUCH_ZH],
    ] as const)
      expect(await b.addNow("handbook", { title, text })).toMatchObject({ status: "done" });
  });

  test("a passage is found in either language and says where it stands", async () => {
    const [english] = await find(b, "How many days of annual leave does an employee have?");
    expect(english).toMatchObject({
      title: "handbook.md",
      text: "Every employee has fifteen days of paid leave a year.",
      source: { heading: "Handbook > Leave > Annual leave", line: 6 },
      ranks: { text: 1 },
    });
    const [chinese] = await find(b, "请问年假有多少天？");
    expect(chinese).toMatchObject({ title: "员工手册.md", source: { heading: "员工手册 > 休假 > 年假", line: 6 } });
    expect((await find(b, "住宿报销标准"))[0]?.text).toContain("六百元");
    expect((await find(b, "hotel expense"))[0]?.text).toContain("120 euros");
  });

  test("scores are between 0 and 1, best first, and a threshold keeps what has little to do with the question away", async () => {
    const hits = await find(b, "annual leave of an employee");
    const scores = hits.map((hit) => hit.score);
    expect([...scores].sort((x, y) => y - x)).toEqual(scores);
    expect(scores.every((score) => score > 0 && score < 1)).toBe(true);
    const strict = await find(b, "annual leave of an employee", { minScore: scores[0]! - 0.01 });
    expect(strict.map((hit) => hit.id)).toEqual([hits[0]!.id]);
    expect(await find(b, "quantum chromodynamics")).toEqual([]);
    for (const empty of ["", "   ", "?!", "\u0000"]) expect(await find(b, empty)).toEqual([]);
  });

  test.each(["' OR 1=1 --", '"unclosed (a AND b) +c -d *:*', "\\", "a".repeat(50_000), "年".repeat(5_000), "🙂🙂"])(
    "no question can break the search: %.20s",
    async (query) => {
      expect(Array.isArray(await find(b, query))).toBe(true);
    },
  );

  test.each(["begin", "end"])("a long message is searched for by its begin and its end: %s", async (where) => {
    const question = "How many days of annual leave does an employee have?";
    const rest = Array.from({ length: 80_000 }, (_, i) => `w${i}`).join(" ");
    const [hit] = await find(b, where === "begin" ? `${question} ${rest}` : `${rest} ${question}`);
    expect(hit).toMatchObject({ title: "handbook.md" });
    expect(boundedQuery(rest)).toHaveLength(4001);
  });

  test("vectors are asked for in vain, in words", async () => {
    expect((await find(b, "annual leave", { mode: "hybrid" })).length).toBeGreaterThan(0);
    await expect(find(b, "annual leave", { mode: "vector" })).rejects.toMatchObject({ code: "model_missing" });
  });

  test("an aborted search rejects with the reason", async () => {
    const reason = new PatchbayError("cancelled", "enough");
    const search = b.knowledge.search("handbook", "leave", { limit: 3, mode: "auto" }, AbortSignal.abort(reason));
    await expect(search).rejects.toBe(reason);
  });

  test("a knowledge that is not there names those that are", async () => {
    await expect(b.knowledge.search("hand", "x", { limit: 1, mode: "auto" }, never)).rejects.toMatchObject({
      code: "knowledge_missing",
      message: expect.stringContaining('"handbook"'),
    });
  });
});

describe("documents", () => {
  let b: Bench;
  beforeAll(async () => {
    b = await bench("documents");
    await b.knowledge.create({ name: "handbook" });
  });
  const count = async () => (await b.knowledge.cards())[0]!;

  test("the same again is nothing done twice; another content under the same title replaces the first", async () => {
    const first = await b.knowledge.add("handbook", { title: "leave.md", text: HANDBOOK });
    await b.settled(first.task);
    const again = await b.knowledge.add("handbook", { title: "leave.md", text: HANDBOOK });
    expect(again.task).toBe(first.task);
    expect(again.document).toMatchObject({ id: first.document.id, status: "ready", chunks: 3 });
    expect(await count()).toMatchObject({ documents: 1, chunks: 3 });

    await b.addNow("handbook", { title: "leave.md", text: "# Leave\nEverybody has twenty days now." });
    expect(await count()).toMatchObject({ documents: 1, chunks: 1 });
    expect(await find(b, "hotels euros")).toEqual([]);
    expect((await find(b, "twenty days"))[0]?.text).toContain("twenty");
  });

  test("added twice at once is added once", async () => {
    const both = await Promise.all(
      [1, 2].map(() => b.knowledge.add("handbook", { title: "twice.md", text: "zebra crossing" })),
    );
    expect(both[0]!.task).toBe(both[1]!.task);
    await b.settled(both[0]!.task);
    expect(await find(b, "zebra", { limit: 10 })).toHaveLength(1);
    expect(await b.knowledge.removeDocument("handbook", both[0]!.document.id)).toBe(true);
  });

  test("a changed document before its first task ended leaves only the last", async () => {
    const versions = ["giraffe one", "giraffe two", "giraffe three"];
    const added = [];
    for (const text of versions) added.push(await b.knowledge.add("handbook", { title: "racing.txt", text }));
    for (const { task } of added) await b.settled(task);
    const hits = await find(b, "giraffe", { limit: 10 });
    expect(hits.map((hit) => hit.text)).toEqual(["giraffe three"]);
    expect(await b.knowledge.removeDocument("handbook", added[0]!.document.id)).toBe(true);
    expect(await find(b, "giraffe")).toEqual([]);
    expect(await b.knowledge.removeDocument("handbook", added[0]!.document.id)).toBe(false);
  });

  test("what cannot be read is refused by name, or fails in words and leaves the old passages", async () => {
    const add = (title: string, bytes: Uint8Array, mediaType?: string) =>
      b.knowledge.add("handbook", { title, bytes, mediaType });
    await expect(add("scan.pdf", new Uint8Array([1]))).rejects.toMatchObject({ code: "unsupported_media_type" });
    await expect(add("x", new Uint8Array([1]), "image/png")).rejects.toMatchObject({ code: "unsupported_media_type" });
    await expect(add("empty.md", new Uint8Array())).rejects.toMatchObject({ code: "bad_request" });
    await expect(add("big.md", new Uint8Array(100 * 1024 * 1024 + 1))).rejects.toMatchObject({ code: "too_large" });
    await expect(add(" ", new Uint8Array([65]))).rejects.toMatchObject({ path: "/title" });

    const task = await b.addNow("handbook", { title: "leave.md", bytes: new Uint8Array([0, 159, 146, 150, 0]) });
    expect(task).toMatchObject({ status: "failed", error: { code: "unsupported_media_type" } });
    const failed = (await b.knowledge.documents("handbook")).find((document) => document.title === "leave.md");
    expect(failed).toMatchObject({ status: "failed", error: expect.stringContaining("leave.md") });
    expect((await find(b, "twenty days"))[0]?.text).toContain("twenty");
    const fixed = await b.addNow("handbook", { title: "leave.md", text: "# Leave\nThirty days." });
    expect(fixed.status).toBe("done");
    expect((await b.knowledge.documents("handbook"))[0]).not.toHaveProperty("error");
  });

  test("a document's text can be read back, and only within its knowledge", async () => {
    const { document } = await b.knowledge.add("handbook", {
      title: "gbk.txt",
      bytes: new Uint8Array([0xc4, 0xea, 0xbc, 0xd9]),
    });
    expect(await b.knowledge.document("handbook", document.id)).toMatchObject({ title: "gbk.txt", text: "年假" });
    await b.knowledge.create({ name: "other" });
    await expect(b.knowledge.document("other", document.id)).rejects.toMatchObject({ code: "not_found" });
    expect(await b.knowledge.removeDocument("other", document.id)).toBe(false);
  });

  test("a deleted knowledge leaves nothing, and a new one of its name inherits nothing", async () => {
    expect(await b.knowledge.delete("handbook")).toBe(true);
    expect(await b.knowledge.delete("handbook")).toBe(false);
    await b.knowledge.create({ name: "handbook" });
    await expect(b.knowledge.create({ name: "handbook" })).rejects.toMatchObject({ code: "conflict" });
    expect(await find(b, "thirty days")).toEqual([]);
    expect(await b.knowledge.documents("handbook")).toEqual([]);
    const blobs = readdirSync(join(b.folder, "files", "blobs"), { recursive: true, withFileTypes: true });
    expect(blobs.filter((entry) => entry.isFile())).toHaveLength(0);
    for (const name of ["", "../x", "a/b", "x".repeat(65), "a\nb"])
      await expect(b.knowledge.create({ name })).rejects.toMatchObject({ code: "bad_request", path: "/name" });
    expect(await b.knowledge.create({ name: "产品 手册-2" })).toMatchObject({ name: "产品 手册-2", documents: 0 });
  });
});

describe("addresses", () => {
  const page =
    (body: string, type = "text/html") =>
    async () => ({ status: 200, headers: { "content-type": type }, bytes: new TextEncoder().encode(body) });

  test("a page is read, titled by itself, and replaced when it is read again", async () => {
    let body = "<title>Travel policy</title><h1>Travel</h1><p>Trains before planes.</p><script>steal()</script>";
    const b = await bench("url", {}, (request, signal) => {
      expect(request).toMatchObject({ method: "GET", url: "https://example.com/travel" });
      expect(signal.aborted).toBe(false);
      return page(body)();
    });
    await b.knowledge.create({ name: "handbook" });
    await b.addNow("handbook", { url: "https://example.com/travel" });
    expect((await find(b, "trains"))[0]).toMatchObject({
      title: "Travel policy",
      text: "Trains before planes.",
      source: { heading: "Travel" },
    });
    body = "<title>New policy</title><p>Walk.</p>";
    await b.addNow("handbook", { url: "https://example.com/travel" });
    expect((await b.knowledge.documents("handbook")).map((document) => document.title)).toEqual(["New policy"]);
  });

  test("a page is read by the charset that brought it, before its own", async () => {
    const b = await bench("charset", {}, async () => ({
      status: 200,
      headers: { "content-type": 'text/html; charset="windows-1252"' },
      bytes: Buffer.from('<meta charset="gbk"><title>\u00d6ffnungszeiten</title><p>M\u00fcller</p>', "latin1"),
    }));
    await b.knowledge.create({ name: "handbook" });
    await b.addNow("handbook", { url: "https://example.com/%E0%A4" });
    expect((await find(b, "Müller"))[0]).toMatchObject({ title: "Öffnungszeiten", text: "Müller" });
  });

  test("what an address does not give is told", async () => {
    const b = await bench("url-fail", {}, async ({ url }) =>
      url.endsWith("404") ? { status: 404, headers: {}, bytes: new Uint8Array() } : page("%PDF", "application/pdf")(),
    );
    await b.knowledge.create({ name: "handbook" });
    await expect(b.knowledge.add("handbook", { url: "https://example.com/404" })).rejects.toThrow(/answered 404/);
    await expect(b.knowledge.add("handbook", { url: "https://example.com/a" })).rejects.toMatchObject({
      code: "unsupported_media_type",
    });
    expect(await b.knowledge.documents("handbook")).toEqual([]);
  });
});

describe("vectors", () => {
  test("both searches are fused with their ranks; the embedder's outage costs the vectors alone", async () => {
    let state: "up" | "down" | "hanging" = "up";
    let asked = 0;
    const b = await bench("vectors", {
      name: "test/words",
      async before() {
        asked++;
        if (state === "down") throw new PatchbayError("provider_unavailable", "no route to host");
      },
    });
    expect(await b.knowledge.create({ name: "handbook" })).toMatchObject({ embedder: "test/words" });
    await b.addNow("handbook", { title: "a.txt", text: "holidays are long in August" });
    await b.addNow("handbook", { title: "b.txt", text: "the canteen opens at noon" });
    const [hybrid] = await find(b, "vacation in August");
    expect(hybrid).toMatchObject({ title: "a.txt", score: 1, ranks: { text: 1, vector: 1 } });
    const [meaning] = await find(b, "vacation", { mode: "vector" });
    expect(meaning).toMatchObject({ title: "a.txt", ranks: { vector: 1 } });
    expect(await find(b, "vacation", { mode: "text" })).toEqual([]);

    state = "down";
    expect((await find(b, "vacation in August"))[0]).toMatchObject({ title: "a.txt", ranks: { text: 1 } });
    await expect(find(b, "vacation", { mode: "vector" })).rejects.toMatchObject({ code: "provider_unavailable" });
    expect(b.reports[0]).toContain("no route to host");
    const before = asked;
    await find(b, "vacation in August");
    expect(asked).toBe(before);

    const task = await b.addNow("handbook", { title: "c.txt", text: "laptops are replaced every three years" });
    expect(task.status).toBe("done");
    const added = (await b.knowledge.documents("handbook")).find((document) => document.title === "c.txt");
    expect(added).toMatchObject({ status: "ready", error: expect.stringContaining("test/words") });
    expect((await find(b, "laptops"))[0]).toMatchObject({ title: "c.txt" });

    state = "up";
    const reindexed = await b.knowledge.reindex("handbook");
    expect(await b.settled(reindexed.id)).toMatchObject({ status: "done", result: { documents: 3, chunks: 3 } });
    expect((await b.knowledge.documents("handbook")).every((document) => document.error === undefined)).toBe(true);
  });

  test("an embedder is taken up and given up by a reindex", async () => {
    const b = await bench("switch", {});
    await b.knowledge.create({ name: "handbook" });
    await b.addNow("handbook", { title: "a.txt", text: "computers are replaced every three years" });
    await b.settled((await b.knowledge.reindex("handbook", { embedder: "test/words" })).id);
    expect((await b.knowledge.cards())[0]).toMatchObject({ embedder: "test/words", chunks: 1 });
    expect((await find(b, "laptop", { mode: "vector" }))[0]).toMatchObject({ ranks: { vector: 1 } });
    await b.settled((await b.knowledge.reindex("handbook", { embedder: null })).id);
    expect((await b.knowledge.cards())[0]).not.toHaveProperty("embedder");
    await expect(find(b, "laptop", { mode: "vector" })).rejects.toMatchObject({ code: "model_missing" });
    expect((await find(b, "computers"))[0]).toMatchObject({ ranks: { text: 1 } });
  });

  test("what is added while a reindex runs is in the new index too", async () => {
    let hold: (() => void) | undefined;
    let reached: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      hold = resolve;
    });
    const inside = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let holding = false;
    const b = await bench("during", {
      name: "test/words",
      async before(texts) {
        if (!holding || !texts[0]!.includes("slow")) return;
        reached!();
        await held;
      },
    });
    await b.knowledge.create({ name: "handbook" });
    await b.addNow("handbook", { title: "slow.txt", text: "a slow document" });
    await b.addNow("handbook", { title: "gone.txt", text: "to be removed soon" });
    holding = true;
    const { id } = await b.knowledge.reindex("handbook");
    await inside;
    await b.addNow("handbook", { title: "new.txt", text: "a brand new document" });
    const gone = (await b.knowledge.documents("handbook")).find((document) => document.title === "gone.txt")!;
    await b.knowledge.removeDocument("handbook", gone.id);
    holding = false;
    hold!();
    expect((await b.settled(id)).status).toBe("done");
    for (const task of await b.tasks.list()) await b.settled(task.id);
    expect((await find(b, "brand new", { mode: "text" }))[0]).toMatchObject({ title: "new.txt" });
    expect((await find(b, "slow", { mode: "text" }))[0]).toMatchObject({ title: "slow.txt" });
    expect(await find(b, "removed soon", { mode: "text" })).toEqual([]);
  });
});

describe("a process that ends", () => {
  test("what was half indexed is indexed by the next one, and nothing twice", async () => {
    let reached: (() => void) | undefined;
    const inside = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const first = await openBench(join(folder, "killed"), {
      name: "test/words",
      async before(texts, signal) {
        if (!texts[0]!.includes("giraffe")) return;
        reached!();
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
      },
    });
    await first.knowledge.create({ name: "handbook" });
    await first.addNow("handbook", { title: "a.txt", text: "an old text about zebras" });
    const { document } = await first.knowledge.add("handbook", { title: "a.txt", text: "a new text about giraffes" });
    await inside;
    await first.stop();

    const second = await bench("killed", { name: "test/words" });
    expect((await find(second, "zebras"))[0]?.text).toContain("zebras");
    await second.tasks.resume();
    await second.knowledge.recover();
    for (const task of await second.tasks.list()) await second.settled(task.id);
    expect(await find(second, "zebras", { mode: "text" })).toEqual([]);
    expect(await find(second, "giraffes", { mode: "text", limit: 9 })).toHaveLength(1);
    expect(await second.knowledge.document("handbook", document.id)).toMatchObject({ status: "ready", chunks: 1 });
  });

  test("a document that takes too long fails with its reason, and is not tried again by itself", async () => {
    const first = await openBench(join(folder, "slow"), {}, undefined, { ms: 1, memoryMb: 1024 });
    await first.knowledge.create({ name: "handbook" });
    const source = { title: "big.txt", text: "word ".repeat(10_000) };
    expect(await first.addNow("handbook", source)).toMatchObject({ status: "failed", error: { code: "too_large" } });
    const { id } = (await first.knowledge.documents("handbook"))[0]!;
    const failed = { status: "failed", error: expect.stringContaining('"big.txt" takes more time'), text: "" };
    expect(await first.knowledge.document("handbook", id)).toMatchObject(failed);
    await first.stop();

    const second = await bench("slow");
    await second.tasks.resume();
    await second.knowledge.recover();
    await second.settled((await second.knowledge.reindex("handbook")).id);
    expect((await second.tasks.list()).map(({ kind }) => kind)).toEqual(["knowledge-reindex", "knowledge-index"]);
    expect(await second.knowledge.document("handbook", id)).toMatchObject(failed);
    expect(await second.addNow("handbook", source)).toMatchObject({ status: "done" });
    expect(await second.knowledge.document("handbook", id)).toMatchObject({ status: "ready", text: source.text });
  });

  test("an index that is gone or damaged is told in words and made again by the next one", async () => {
    const first = await openBench(join(folder, "lost"));
    await first.knowledge.create({ name: "handbook" });
    await first.knowledge.create({ name: "empty" });
    await first.addNow("handbook", { title: "a.txt", text: "okapi in the forest" });
    await first.stop();
    rmSync(join(folder, "lost", "vectors"), { recursive: true });
    const second = await openBench(join(folder, "lost"));
    await second.tasks.resume();
    await second.knowledge.recover();
    for (const task of await second.tasks.list()) await second.settled(task.id);
    expect((await find(second, "okapi"))[0]).toMatchObject({ title: "a.txt" });
    expect((await second.tasks.list()).filter((task) => task.kind === "knowledge-reindex")).toHaveLength(1);
    await second.stop();

    for (const entry of readdirSync(join(folder, "lost", "vectors"), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) writeFileSync(join(entry.parentPath, entry.name), "garbage");
    const third = await bench("lost");
    await expect(find(third, "okapi")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("reindex"),
    });
    await third.tasks.resume();
    await third.knowledge.recover();
    for (const task of await third.tasks.list()) await third.settled(task.id);
    expect((await find(third, "okapi"))[0]).toMatchObject({ title: "a.txt" });
  });
});
