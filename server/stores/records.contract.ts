/** What every record store must do. Each implementation runs this in its own test. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Records } from "../services.ts";

export function recordsContract(name: string, open: () => Promise<{ records: Records; done(): Promise<void> }>) {
  describe(`${name}: records`, () => {
    let records: Records;
    let done: () => Promise<void>;
    beforeAll(async () => ({ records, done } = await open()));
    afterAll(() => done());

    test("gives back what was put, and counts revisions", async () => {
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

    test("revision 0 creates only what is not there", async () => {
      await records.put("once", "x", 1, { revision: 0 });
      await expect(records.put("once", "x", 2, { revision: 0 })).rejects.toMatchObject({ code: "conflict" });
      expect((await records.get("once", "x"))?.body).toBe(1);
    });

    test("of two writers at one revision exactly one wins", async () => {
      await records.put("race", "x", "start");
      const results = await Promise.allSettled([
        records.put("race", "x", "a", { revision: 1 }),
        records.put("race", "x", "b", { revision: 1 }),
      ]);
      expect(results.map((r) => r.status).sort()).toEqual(["fulfilled", "rejected"]);
      expect((await records.get("race", "x"))?.revision).toBe(2);
      await expect(records.put("race", "gone", "a", { revision: 1 })).rejects.toMatchObject({ code: "conflict" });
    });

    test("lists in order of id, by parent, page by page", async () => {
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

    test("deletes once", async () => {
      await records.put("gone", "x", 1);
      expect(await records.delete("gone", "x")).toBe(true);
      expect(await records.delete("gone", "x")).toBe(false);
      expect(await records.get("gone", "x")).toBeUndefined();
    });
  });
}
