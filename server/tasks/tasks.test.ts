import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Task } from "../contract/task.ts";
import { faultOwner } from "../lib/fault-owner.ts";
import type { Records } from "../stores/records.ts";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { createTasks, ended, type TaskStore } from "./tasks.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-tasks-"));
const open: Records[] = [];
afterAll(async () => {
  for (const records of open) await records.close();
  rmSync(folder, { recursive: true });
});
async function store(name: string): Promise<Records> {
  const records = await sqliteRecords(join(folder, `${name}.db`));
  open.push(records);
  return records;
}
async function settled(tasks: TaskStore, id: string): Promise<Task> {
  return await new Promise((resolve) => {
    const stop = tasks.watch(id, check);
    function check(task: Task) {
      if (!ended(task)) return;
      stop();
      resolve(task);
    }
    void tasks.get(id).then((task) => task && check(task));
  });
}

test("a task ends with its result, reports its progress and hides its input", async () => {
  const tasks = createTasks(await store("result"));
  const seen: Task[] = [];
  tasks.handle<{ n: number }>("count", async ({ n }, { progress }) => {
    for (let i = 1; i <= n; i++) progress({ done: i, total: n, unit: "steps" });
    return { counted: n };
  });
  const task = await tasks.start("count", { n: 3 }, { title: "Counting" });
  tasks.watch(task.id, (change) => seen.push(change));
  expect(await settled(tasks, task.id)).toMatchObject({
    status: "done",
    title: "Counting",
    result: { counted: 3 },
    progress: { done: 3, total: 3, unit: "steps" },
  });
  expect(JSON.stringify(await tasks.list())).not.toContain("input");
  expect(seen.at(-1)?.status).toBe("done");
});

test("a fault that nothing can catch fails its task, and the tasks that wait go on", async () => {
  const tasks = createTasks(await store("fault"));
  let aborted = 0;
  tasks.handle("broken", async (_input, { signal }) => {
    signal.addEventListener("abort", () => aborted++);
    // As the last handler of the process does for a throw in an event handler.
    setTimeout(() => faultOwner()!.fail(), 1);
    return new Promise(() => {});
  });
  tasks.handle("good", async () => "done");
  const broken = await Promise.all([1, 2, 3].map((n) => tasks.start("broken", { n })));
  const good = await tasks.start("good", {});
  for (const { id } of broken)
    expect(await settled(tasks, id)).toMatchObject({
      status: "failed",
      error: { code: "internal", message: expect.stringContaining("log") },
    });
  expect(await settled(tasks, good.id)).toMatchObject({ status: "done" });
  expect(aborted).toBe(3);
});

test("a failed task has the message of its error", async () => {
  const tasks = createTasks(await store("failure"));
  tasks.handle("fail", async () => {
    throw new Error("the disk said no");
  });
  const { id } = await tasks.start("fail", {});
  expect(await settled(tasks, id)).toMatchObject({
    status: "failed",
    error: { code: "internal", message: "the disk said no" },
  });
  await expect(tasks.start("unknown", {})).rejects.toMatchObject({ code: "internal" });
});

test("cancelling stops running tasks, skips queued ones, and is final", async () => {
  const tasks = createTasks(await store("cancel"));
  const stopped: unknown[] = [];
  tasks.handle<number>("hang", async (n, { signal }) => {
    await new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
    ).finally(() => stopped.push(n));
  });
  const started = await Promise.all([1, 2, 3].map((n) => tasks.start("hang", n)));
  const waiting = await tasks.get(started[2]!.id);
  expect(waiting?.status).toBe("queued");
  for (const { id } of [...started].reverse()) expect((await tasks.cancel(id))?.status).toBe("cancelled");
  expect((await tasks.cancel(started[0]!.id))?.status).toBe("cancelled");
  await tasks.close();
  expect(stopped.sort()).toEqual([1, 2]);
  for (const { id } of started) expect((await tasks.get(id))?.status).toBe("cancelled");
});

test("the next process starts only the open tasks again", async () => {
  const records = await store("restart");
  const first = createTasks(records);
  let begun!: () => void;
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  first.handle("quick", async () => "done before");
  first.handle<string>("long", async (_input, { signal }) => {
    begun();
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  });
  const quick = await first.start("quick", {});
  await settled(first, quick.id);
  const long = await first.start("long", "the whole input");
  await running;
  await first.close();

  const second = createTasks(records);
  const inputs: unknown[] = [];
  second.handle("quick", async () => inputs.push("quick again"));
  second.handle<string>("long", async (input) => {
    inputs.push(input);
    return "done after";
  });
  await second.resume();
  expect(await settled(second, long.id)).toMatchObject({ status: "done", result: "done after" });
  expect(inputs).toEqual(["the whole input"]);
  const third = createTasks(records);
  await third.resume();
  expect((await third.list()).map((task) => task.status)).toEqual(["done", "done"]);
});
