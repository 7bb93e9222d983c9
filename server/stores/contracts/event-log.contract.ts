/** The contract of an event log. Each implementation runs it in its own test. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventBody, RunEvent } from "../../../runtime/event.ts";
import { emptyGraph } from "../../../runtime/graph.ts";
import type { RunFilter } from "../../contract/run.ts";
import type { EventLog } from "../event-log.ts";

let clock = 1_700_000_000_000;

/** Appends the events of a run as the executor does: numbered, without waiting for each. */
export function writer(log: EventLog, run: string) {
  let seq = 0;
  return (body: EventBody, options: Parameters<EventLog["append"]>[1] = {}): Promise<void> =>
    log.append({ run, seq: seq++, at: clock++, ...body } as RunEvent, options);
}

export const start = (more: Partial<Extract<EventBody, { type: "run-start" }>> = {}): EventBody => ({
  type: "run-start",
  agent: { id: "agent-1", name: "Helper", graph: "hash-1" },
  input: { message: "Hello 世界" },
  ...more,
});
export const end: EventBody = { type: "run-end", output: { reply: "Hi" } };

export interface OpenLog {
  log: EventLog;
  /** Closes the log and opens it again on the same data, as a restart does. */
  reopen(): Promise<EventLog>;
  done(): Promise<void>;
}

export function eventLogContract(name: string, open: () => Promise<OpenLog>) {
  describe(`${name}: event log`, () => {
    let opened: OpenLog;
    let log: EventLog;
    beforeAll(async () => {
      opened = await open();
      log = opened.log;
    });
    afterAll(() => opened.done());

    test("returns appended events in order, from any position", async () => {
      const write = writer(log, "order");
      write(start());
      for (let i = 0; i < 50; i++) write({ type: "node-start", node: `n${i}`, scope: [{ node: "m", item: i }] });
      await write(end, { urgent: true });
      const all = await log.read("order", -1);
      expect(all.map((event) => event.seq)).toEqual(Array.from({ length: 52 }, (_, i) => i));
      expect(all[0]).toMatchObject({ type: "run-start", input: { message: "Hello 世界" } });
      expect(all[7]).toMatchObject({ node: "n6", scope: [{ node: "m", item: 6 }] });
      expect((await log.read("order", 30)).map((e) => e.seq)[0]).toBe(31);
      expect((await log.read("order", 30, 5)).map((e) => e.seq)).toEqual([31, 32, 33, 34, 35]);
      expect(await log.read("order", 51)).toEqual([]);
      expect(await log.last("order")).toBe(51);
      expect(await log.last("nothing")).toBe(-1);
    });

    test("an awaited event is on disk with all before it, urgent or not", async () => {
      const write = writer(log, "held");
      write(start());
      await write({ type: "node-start", node: "a" });
      expect((await log.read("held", -1)).length).toBe(2);
      write({ type: "node-skip", node: "b" });
      await write({ type: "run-wait", waits: [] }, { urgent: true });
      expect((await log.read("held", -1)).length).toBe(4);
    });

    test("refuses gaps, repetitions and events after the end", async () => {
      const write = writer(log, "gaps");
      await write(start());
      await expect(log.append({ run: "gaps", seq: 2, at: 0, ...end } as RunEvent)).rejects.toMatchObject({
        code: "conflict",
      });
      await expect(log.append({ run: "gaps", seq: 0, at: 0, ...start() } as RunEvent)).rejects.toMatchObject({
        code: "conflict",
      });
      await write(end);
      await expect(write({ type: "node-start", node: "late" })).rejects.toMatchObject({ code: "conflict" });
      expect((await log.read("gaps", -1)).length).toBe(2);
    });

    test("watchers are called soon, and only after an event can be read", async () => {
      const write = writer(log, "watched");
      write(start());
      let seen = -1;
      const notified: number[] = [];
      await new Promise<void>((resolve) => {
        const stop = log.watch("watched", () => {
          const last = log.last("watched") as number;
          expect(last).toBeGreaterThan(seen);
          seen = last;
          notified.push(last);
          if (last === 3) {
            stop();
            resolve();
          } else if (last === 1) {
            write({ type: "node-start", node: "b" });
            write(end);
          }
        });
        write({ type: "node-start", node: "a" });
      });
      expect(notified.at(-1)).toBe(3);
      expect((await log.read("watched", -1)).length).toBe(4);
    });

    test("a row has the state of its run", async () => {
      const write = writer(log, "row");
      await write(
        start({
          session: "s-row",
          user: "u",
          key: "k",
          agent: { id: "a", slug: "helper", version: 3, name: "Helper", graph: "h" },
        }),
      );
      expect(await log.row("row")).toMatchObject({
        id: "row",
        status: "running",
        agent: "a",
        slug: "helper",
        version: 3,
        session: "s-row",
        user: "u",
        key: "k",
        message: "Hello 世界",
      });
      const at = { node: "brain" };
      write({
        type: "message",
        ...at,
        step: 0,
        model: "m",
        message: { role: "assistant", content: "" },
        reason: "tools",
        ms: 1,
      });
      write({ type: "usage", ...at, step: 0, model: "m", inputTokens: 10, outputTokens: 5, costUsd: 0.5 });
      write({ type: "tool-start", ...at, call: { id: "c", name: "t" }, argsHash: "", idempotencyKey: "" });
      const wait = { key: "w", node: "brain", question: "?" };
      await write({
        type: "run-wait",
        waits: [
          { ...wait, wait: "w1", kind: "approval" },
          { ...wait, wait: "w2", kind: "uncertain" },
        ],
      });
      expect(await log.row("row")).toMatchObject({
        status: "uncertain",
        usage: { inputTokens: 10, outputTokens: 5, costUsd: 0.5, steps: 1, toolCalls: 1 },
      });
      await write({ type: "run-resume", answers: [{ wait: "w2", choice: "skip" }] });
      expect((await log.row("row"))?.status).toBe("waiting");
      await write({ type: "run-resume", answers: [{ wait: "w1", choice: "approve" }] });
      expect((await log.row("row"))?.status).toBe("running");
      await write({ type: "run-fail", error: { code: "step_limit", message: "" } });
      const row = await log.row("row");
      expect(row).toMatchObject({ status: "failed", error: "step_limit", endedAt: expect.any(Number) });
      expect(await log.row("nothing")).toBeUndefined();
    });

    test("after a restart all events are kept, and a run continues", async () => {
      const write = writer(log, "again");
      write(start());
      await write({ type: "usage", node: "b", step: 0, model: "m", inputTokens: 7, outputTokens: 1 });
      log = await opened.reopen();
      expect(await log.due(clock, 1000)).toContain("again");
      const count = async () => Object.values(await log.openRuns()).reduce((sum, runs) => sum + runs, 0);
      const open = await count();
      expect(open).toBeGreaterThan(0);
      await expect(log.append({ run: "again", seq: 1, at: 0, ...end } as RunEvent)).rejects.toMatchObject({
        code: "conflict",
      });
      await log.append({ run: "again", seq: 2, at: 5, type: "run-resume", reason: "restart" });
      await log.append({ run: "again", seq: 3, at: 6, ...end } as RunEvent, { urgent: true });
      expect((await log.read("again", -1)).map((event) => event.type)).toEqual([
        "run-start",
        "usage",
        "run-resume",
        "run-end",
      ]);
      expect(await log.row("again")).toMatchObject({ status: "done", usage: { inputTokens: 7 } });
      expect(await log.due(clock, 1000)).not.toContain("again");
      expect(await count()).toBe(open - 1);
    });

    test("a parked run is not due before its first wait expires, also after a restart", async () => {
      const wait = (id: string, expiresAt?: number): EventBody => ({
        type: "run-wait",
        waits: [{ wait: id, key: id, kind: "approval", node: "n", question: "?", ...(expiresAt && { expiresAt }) }],
      });
      const due = async (now: number) => {
        const all = await log.due(now, 1000);
        return ["parks", "parks-for-ever", "crashes"].filter((run) => all.includes(run));
      };
      const soon = clock + 60_000;
      const write = writer(log, "parks");
      await write(start(), { urgent: true });
      await write(wait("late", soon + 5));
      await write(wait("first", soon), { urgent: true });
      const forEver = writer(log, "parks-for-ever");
      await forEver(start());
      await forEver(wait("w"), { urgent: true });
      const crashes = writer(log, "crashes");
      await crashes(start());
      await crashes(wait("w"), { urgent: true });
      // Runs that this process has claimed are not due.
      expect(await due(soon + 10)).toEqual([]);
      await log.release("parks", { parked: true });
      await log.release("parks-for-ever", { parked: true });
      expect(await due(soon - 1)).toEqual([]);
      expect(await due(soon)).toEqual(["parks"]);
      log = await opened.reopen();
      // `crashes` waited but was not parked when the process ended: other work may have been interrupted.
      expect(await due(soon - 1)).toEqual(["crashes"]);
      expect(await due(soon)).toEqual(["parks", "crashes"]);
      expect(await log.claim("parks")).toBe(true);
      await log.append(
        { run: "parks", seq: 3, at: clock, type: "run-resume", answers: [{ wait: "first", choice: "reject" }] },
        { urgent: true },
      );
      expect(await due(soon)).toEqual(["crashes"]);
      // The first of the remaining waits counts.
      await log.release("parks", { parked: true });
      expect(await due(soon + 4)).toEqual(["crashes"]);
      expect(await due(soon + 5)).toEqual(["parks", "crashes"]);
      for (const [run, seq] of [
        ["parks", 4],
        ["parks-for-ever", 2],
        ["crashes", 2],
      ] as const) {
        await log.claim(run);
        await log.append({ run, seq, at: clock, type: "run-cancel" }, { urgent: true });
      }
      expect(await due(soon + 10)).toEqual([]);
    });

    test("lists runs newest first, by filter, in pages", async () => {
      for (let i = 0; i < 5; i++) {
        const write = writer(log, `list-${i}`);
        write(
          start({
            agent: { id: "lister", name: "L", graph: "h" },
            input: { message: i % 2 ? `odd 100%_${i}` : `even ${i}` },
            key: i < 3 ? "key-1" : undefined,
            session: "s-list",
          }),
        );
        if (i !== 4) await write(end, { urgent: true });
        else await write({ type: "node-start", node: "x" });
      }
      const ids = async (filter: Parameters<EventLog["rows"]>[0]) =>
        (await log.rows({ agent: "lister", ...filter })).map((row) => row.id);
      expect(await ids({})).toEqual(["list-4", "list-3", "list-2", "list-1", "list-0"]);
      expect(await ids({ limit: 2 })).toEqual(["list-4", "list-3"]);
      expect(await ids({ limit: 2, after: "list-3" })).toEqual(["list-2", "list-1"]);
      expect(await ids({ status: "running" })).toEqual(["list-4"]);
      expect(await ids({ key: "key-1" })).toEqual(["list-2", "list-1", "list-0"]);
      expect(await ids({ text: "100%_" })).toEqual(["list-3", "list-1"]);
      expect(await ids({ text: "100__" })).toEqual([]);
      expect((await log.sessionRuns("s-list")).map((row) => row.id)).toEqual([
        "list-0",
        "list-1",
        "list-2",
        "list-3",
        "list-4",
      ]);
      expect((await log.sessionRuns("s-list", { key: "key-1" })).length).toBe(3);
      expect((await log.sessionRuns("s-list", { key: "" })).length).toBe(2);
      const middle = (await log.row("list-2"))!.startedAt;
      expect(await ids({ from: middle })).toEqual(["list-4", "list-3", "list-2"]);
      expect(await ids({ to: middle })).toEqual(["list-1", "list-0"]);
    });

    test("lists conversations, the most recently used first", async () => {
      const say = async (run: string, session: string, message: string, more: object = {}) => {
        const write = writer(log, run);
        write(start({ session, input: { message }, agent: { id: "talker", name: "T", graph: "h" }, ...more }));
        await write(end, { urgent: true });
      };
      await say("say-1", "talk-a", "first of a");
      await say("say-2", "talk-b", "first of b", { key: "kb", user: "ub" });
      await say("say-3", "talk-a", "second of a");
      await say("say-4", "talk-c", "first of c");
      await say("say-5", "talk-c", "a fork", { fork: { run: "say-4", node: "n" } });
      const list = (filter: object) => log.sessions({ agent: "talker", ...filter });
      const all = await list({});
      expect(all.map((row) => [row.id, row.turns, row.title])).toEqual([
        ["talk-c", 1, "first of c"],
        ["talk-a", 2, "first of a"],
        ["talk-b", 1, "first of b"],
      ]);
      expect(all[1]!.updatedAt).toBeGreaterThan(all[1]!.startedAt);
      expect(all[2]).toMatchObject({ agent: "talker", key: "kb", user: "ub", name: "T" });
      expect((await list({ limit: 1 })).map((row) => row.id)).toEqual(["talk-c"]);
      expect((await list({ after: "talk-c" })).map((row) => row.id)).toEqual(["talk-a", "talk-b"]);
      expect((await list({ key: "kb" })).map((row) => row.id)).toEqual(["talk-b"]);
      expect((await list({ key: "" })).map((row) => row.id)).toEqual(["talk-c", "talk-a"]);
    });

    test("an idempotency id is accepted once per key, and other events of the batch are stored", async () => {
      const idempotency = { key: "k1", id: "call-1", bodyHash: "b" };
      const first = writer(log, "idem-1")(start({ key: "k1" }), { urgent: true, idempotency });
      await first;
      const twin = writer(log, "idem-2")(start({ key: "k1" }), { urgent: true, idempotency });
      const neighbour = writer(log, "idem-3")(start({ key: "k1" }), { urgent: true });
      const otherKey = writer(log, "idem-4")(start({ key: "k2" }), {
        urgent: true,
        idempotency: { ...idempotency, key: "k2" },
      });
      const results = await Promise.allSettled([twin, neighbour, otherKey]);
      expect(results.map((one) => one.status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
      expect(await log.findIdempotent("k1", "call-1")).toEqual({ run: "idem-1", bodyHash: "b" });
      expect(await log.findIdempotent("", "call-1")).toBeUndefined();
      expect(await log.row("idem-2")).toBeUndefined();
      expect((await log.read("idem-3", -1)).length).toBe(1);
    });

    test("deletes ended runs with their events", async () => {
      const write = writer(log, "delete-1");
      await write(start(), { urgent: true });
      await expect(log.delete("delete-1")).rejects.toMatchObject({ code: "conflict" });
      await write(end, { urgent: true });
      expect(await log.delete("delete-1")).toBe(true);
      expect(await log.delete("delete-1")).toBe(false);
      expect(await log.read("delete-1", -1)).toEqual([]);
      expect(await log.row("delete-1")).toBeUndefined();
    });

    test("deletes old runs that have ended", async () => {
      const old = writer(log, "old-ended");
      await old(start());
      await old(end, { urgent: true });
      await writer(log, "old-open")(start(), { urgent: true });
      const border = clock;
      await writer(log, "young")(start(), { urgent: true });
      expect(await log.deleteBefore(border)).toBeGreaterThan(0);
      expect(await log.row("old-ended")).toBeUndefined();
      expect(await log.row("old-open")).toBeDefined();
      expect(await log.row("young")).toBeDefined();
    });

    test("stores graphs by their hash, and ratings with their run", async () => {
      const graph = emptyGraph("Kept");
      log.saveGraph("hash-kept", graph);
      log.saveGraph("hash-kept", graph);
      expect(await log.graph("hash-kept")).toEqual(graph);
      await writer(log, "rated")(start(), { urgent: true });
      expect(await log.rate("rated", { score: 1, comment: "good" })).toBe(true);
      expect(await log.rate("nothing", { score: 1 })).toBe(false);
      expect((await log.row("rated"))?.rating).toEqual({ score: 1, comment: "good" });
      await writer(log, "disliked")(start(), { urgent: true });
      await log.rate("disliked", { score: -1 });
      const rated = async (rating: RunFilter["rating"]) => (await log.rows({ rating })).map((row) => row.id);
      expect(await rated("good")).toEqual(["rated"]);
      expect(await rated("bad")).toEqual(["disliked"]);
      expect(await rated("commented")).toEqual(["rated"]);
      log = await opened.reopen();
      expect(await log.graph("hash-kept")).toEqual(graph);
      expect(await log.graph("hash-unknown")).toBeUndefined();
    });

    test("sums usage by day and agent", async () => {
      const day = Date.UTC(2031, 4, 6, 12);
      const at = (run: string, seq: number, time: number, body: EventBody) =>
        log.append({ run, seq, at: time, ...body } as RunEvent, { urgent: true });
      const agent = { id: "payer", name: "Payer", graph: "h" };
      for (const [run, time] of [
        ["use-1", day],
        ["use-2", day],
        ["use-3", day + 86_400_000],
      ] as const) {
        await at(run, 0, time, start({ agent }));
        await at(run, 1, time, {
          type: "usage",
          node: "b",
          step: 0,
          model: "m",
          inputTokens: 10,
          outputTokens: 2,
          costUsd: 0.25,
        });
        await at(run, 2, time, run === "use-2" ? { type: "run-fail", error: { code: "refused", message: "" } } : end);
      }
      const rows = await log.usage({ from: day - 1000, to: day + 2 * 86_400_000, agent: "payer" });
      expect(rows).toEqual([
        {
          day: "2031-05-06",
          agent: "payer",
          name: "Payer",
          runs: 2,
          failed: 1,
          inputTokens: 20,
          outputTokens: 4,
          costUsd: 0.5,
          steps: 0,
          toolCalls: 0,
          p50Ms: 0,
          p95Ms: 0,
          p99Ms: 0,
        },
        {
          day: "2031-05-07",
          agent: "payer",
          name: "Payer",
          runs: 1,
          failed: 0,
          inputTokens: 10,
          outputTokens: 2,
          costUsd: 0.25,
          steps: 0,
          toolCalls: 0,
          p50Ms: 0,
          p95Ms: 0,
          p99Ms: 0,
        },
      ]);
    });

    test("groups usage by version and key, with exact percentiles and ratings, and filters", async () => {
      const time = Date.UTC(2032, 0, 1);
      const agent = { id: "timed", slug: "timed", name: "Timed", graph: "h" };
      // A hundred runs of version 1 that took 1 to 100 ms, in mixed order, with one key; and a draft that still runs.
      for (let i = 0; i < 100; i++) {
        const run = `timed-${String(i).padStart(3, "0")}`;
        const write = (seq: number, at: number, body: EventBody) => log.append({ run, seq, at, ...body } as RunEvent);
        write(0, time + i, start({ agent: { ...agent, version: 1 }, key: "k1" }));
        await write(1, time + i + 1 + ((i * 37) % 100), end);
      }
      await log.rate("timed-000", { score: 1 });
      await log.rate("timed-001", { score: -1, comment: "no" });
      await log.rate("timed-002", { score: 1 });
      await log.append(
        {
          run: "timed-draft",
          seq: 0,
          at: time,
          ...start({ agent: { id: "timed", name: "Timed", graph: "h" } }),
        } as RunEvent,
        { urgent: true },
      );
      const filter = { from: time, to: time + 86_400_000, agent: "timed" };
      const [draft, version, ...more] = await log.usage({ ...filter, by: ["version"] });
      expect(more).toEqual([]);
      expect(draft).toMatchObject({ agent: "timed", runs: 1, failed: 0 });
      for (const absent of ["version", "day", "key", "p50Ms", "rated"]) expect(draft).not.toHaveProperty(absent);
      expect(version).toMatchObject({ version: 1, runs: 100, p50Ms: 50, p95Ms: 95, p99Ms: 99, rated: 3 });
      expect(version!.rating).toBeCloseTo(1 / 3, 10);
      const keys = await log.usage({ ...filter, by: ["key"] });
      expect(keys.map(({ key, runs }) => [key, runs])).toEqual([
        [undefined, 1],
        ["k1", 100],
      ]);
      expect(await log.usage({ ...filter, key: "", by: [] })).toMatchObject([{ runs: 1 }]);
      expect(await log.usage({ ...filter, version: 0, by: [] })).toMatchObject([{ runs: 1 }]);
      expect(await log.usage({ ...filter, version: 1, key: "k1", by: [] })).toMatchObject([{ runs: 100, p50Ms: 50 }]);
      expect(await log.usage({ ...filter, version: 2, by: [] })).toEqual([]);
      expect(await log.usage({ ...filter, by: ["key", "day", "day"] })).toMatchObject([
        { day: "2032-01-01", runs: 1 },
        { day: "2032-01-01", key: "k1", runs: 100 },
      ]);
    });

    test("the active time of a run excludes waits and restarts", async () => {
      let seq = 0;
      const at = (time: number, body: EventBody) =>
        log.append({ run: "worked", seq: seq++, at: 1_000_000 + time, ...body } as RunEvent, { urgent: true });
      await at(0, start());
      await at(10, { type: "run-wait", waits: [{ wait: "w", key: "k", node: "a", kind: "approval", question: "?" }] });
      expect((await log.row("worked"))?.activeMs).toBeUndefined();
      log = await opened.reopen();
      await at(5_000, { type: "run-resume", reason: "answer", answers: [{ wait: "w", choice: "approve" }] });
      await at(5_020, { type: "node-start", node: "a" });
      log = await opened.reopen();
      await log.claim("worked");
      await at(9_000, { type: "run-resume", reason: "restart" });
      await at(9_003, end);
      expect((await log.row("worked"))?.activeMs).toBe(33);
    });

    test("interleaved appends of several runs are stored without gaps", async () => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(3), fc.boolean()), { minLength: 1, maxLength: 60 }),
          async (steps) => {
            round++;
            const writers = [0, 1, 2, 3].map((i) => writer(log, `mix-${round}-${i}`));
            const counts = [0, 0, 0, 0];
            const promises = steps.map(([i, urgent]) => {
              const body: EventBody = counts[i]! === 0 ? start() : { type: "node-skip", node: `n${counts[i]}` };
              counts[i]!++;
              return writers[i]!(body, { urgent });
            });
            await Promise.all(promises);
            for (const i of [0, 1, 2, 3])
              expect((await log.read(`mix-${round}-${i}`, -1)).map((event) => event.seq)).toEqual([
                ...Array(counts[i]).keys(),
              ]);
          },
        ),
        { numRuns: 40 },
      );
    });
  });
}
