/** The contract of a record store. Each implementation runs it in its own test. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PatchbayError } from "../../../runtime/error.ts";
import type { Records, WholeRecord } from "../records.ts";

export function recordsContract(name: string, open: () => Promise<{ records: Records; done(): Promise<void> }>) {
  describe(`${name}: records`, () => {
    let records: Records;
    let done: () => Promise<void>;
    beforeAll(async () => ({ records, done } = await open()));
    afterAll(() => done());

    test("returns what was put, and counts revisions", async () => {
      const body = { text: "a line\nwith 中文 and \u0000 in it", list: [1, null, { deep: true }] };
      const first = await records.put("note", "a", body);
      expect(first).toMatchObject({ id: "a", revision: 1, body });
      expect(first).not.toHaveProperty("parent");
      const second = await records.put("note", "a", { text: "other" });
      expect(second.revision).toBe(2);
      expect(second.createdAt).toBe(first.createdAt);
      expect((await records.get("note", "a"))?.body).toEqual({ text: "other" });
      expect(await records.get("other-kind", "a")).toBeUndefined();
    });

    test("revision 0 only creates", async () => {
      await records.put("once", "x", 1, { revision: 0 });
      await expect(records.put("once", "x", 2, { revision: 0 })).rejects.toMatchObject({ code: "conflict" });
      expect((await records.get("once", "x"))?.body).toBe(1);
    });

    test("exactly one of two writers with the same revision succeeds", async () => {
      await records.put("race", "x", "start");
      const results = await Promise.allSettled([
        records.put("race", "x", "a", { revision: 1 }),
        records.put("race", "x", "b", { revision: 1 }),
      ]);
      expect(results.map((r) => r.status).sort()).toEqual(["fulfilled", "rejected"]);
      expect((await records.get("race", "x"))?.revision).toBe(2);
      await expect(records.put("race", "gone", "a", { revision: 1 })).rejects.toMatchObject({ code: "conflict" });
    });

    test("lists in order of id, by parent, in pages", async () => {
      for (const id of ["c", "a", "d", "b"]) await records.put("page", id, id, { parent: id < "c" ? "low" : "high" });
      const ids = async (options: Parameters<Records["list"]>[1]) =>
        (await records.list("page", options)).map((r) => r.id);
      expect(await ids({})).toEqual(["a", "b", "c", "d"]);
      expect(await ids({ limit: 2 })).toEqual(["a", "b"]);
      expect(await ids({ after: "b", limit: 2 })).toEqual(["c", "d"]);
      expect(await ids({ after: "bb" })).toEqual(["c", "d"]);
      expect(await ids({ parent: "low" })).toEqual(["a", "b"]);
      expect(await ids({ newestFirst: true })).toEqual(["b", "d", "a", "c"]);
      expect(await ids({ newestFirst: true, after: "d", limit: 1 })).toEqual(["a"]);
      expect((await records.list("page", { parent: "low" }))[0]?.parent).toBe("low");
    });

    test("deletes a record once", async () => {
      await records.put("gone", "x", 1);
      expect(await records.delete("gone", "x")).toBe(true);
      expect(await records.delete("gone", "x")).toBe(false);
      expect(await records.get("gone", "x")).toBeUndefined();
    });

    test("a snapshot contains the whole records of one moment, however slowly it is read", async () => {
      for (let i = 0; i < 1100; i++) await records.put("snap", `s-${i}`, { i }, { parent: "p" });
      const pages = records.snapshot();
      const seen: WholeRecord[] = (await pages.next()).value!;
      await records.put("snap", "s-1099", { i: "changed" });
      await records.put("snap", "later", {});
      await records.delete("snap", "s-1000");
      for await (const page of pages) seen.push(...page);
      const snap = seen.filter((record) => record.kind === "snap");
      expect(snap.map((record) => record.body)).toEqual(Array.from({ length: 1100 }, (_, i) => ({ i })));
      expect(snap[7]).toMatchObject({
        kind: "snap",
        id: "s-7",
        parent: "p",
        revision: 1,
        createdAt: expect.any(Number),
      });
      // A snapshot that is not read to its end releases its connection.
      await records.snapshot().return(undefined);
      const begun = records.snapshot();
      await begun.next();
      await begun.return(undefined);
    });

    test("addAll adds records unchanged, all or none, and notifies watchers", async () => {
      const record = (id: string, body: unknown): WholeRecord => ({
        kind: "added",
        id,
        parent: "a parent",
        revision: 7,
        body,
        createdAt: 1000,
        updatedAt: 2000,
      });
      const changes: unknown[] = [];
      const stop = records.watch((change) => changes.push(change));
      async function* pages(...all: WholeRecord[][]) {
        yield* all;
      }
      await records.addAll(pages([record("a", "中文"), record("b", null)], [], [record("c", [1])]));
      expect(await records.get("added", "a")).toEqual({
        id: "a",
        parent: "a parent",
        revision: 7,
        body: "中文",
        createdAt: 1000,
        updatedAt: 2000,
      });
      expect(changes).toContain(undefined);
      await expect(records.addAll(pages([record("d", 1)], [record("b", 2)]))).rejects.toMatchObject({
        code: "conflict",
        message: 'The added "b" already exists.',
      });
      expect(await records.get("added", "d")).toBeUndefined();
      await expect(
        records.addAll(
          (async function* () {
            yield [record("e", 1)];
            throw new PatchbayError("bad_request", "The source broke off.");
          })(),
        ),
      ).rejects.toMatchObject({ code: "bad_request" });
      expect(await records.get("added", "e")).toBeUndefined();
      stop();
    });
  });
}
