/** Tasks: durable work that is not a run, and its progress. */
import { Hono } from "hono";
import { z } from "zod";
import { Task } from "../contract/task.ts";
import { describe, Paging, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { type SseMessage, sse } from "../http/sse.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

export function taskRoutes({ tasks }: Pick<Services, "tasks">) {
  const getTask = async (id: string): Promise<Task> => {
    const task = await tasks.get(id);
    if (!task) throw notFound("task", id);
    return task;
  };
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({ summary: "List tasks, newest first", tag: "tasks", response: z.object({ tasks: z.array(Task) }) }),
      query(Paging),
      async (c) => c.json({ tasks: await tasks.list(c.req.valid("query")) }),
    )
    .get(
      "/:id",
      describe({ summary: "Get a task", tag: "tasks", response: Task, errors: { 404: "Not found." } }),
      async (c) => c.json(await getTask(c.req.param("id"))),
    )
    .get(
      "/:id/events",
      describe({
        summary: "Follow a task",
        tag: "tasks",
        description: "Server-sent events named `task`, each with the whole task. The stream ends when the task ends.",
        response: "text/event-stream",
        errors: { 404: "Not found." },
      }),
      async (c) => {
        const { id } = await getTask(c.req.param("id"));
        const gone = new AbortController();
        return sse(follow(tasks, id, gone.signal), () => gone.abort());
      },
    )
    .post(
      "/:id/cancel",
      describe({
        summary: "Cancel a task",
        tag: "tasks",
        description: "A task that has ended does not change.",
        response: Task,
        errors: { 404: "Not found." },
      }),
      async (c) => {
        const { id } = await getTask(c.req.param("id"));
        return c.json((await tasks.cancel(id)) ?? (await getTask(id)));
      },
    );
}

/** Yields the task now and after each change, until it ends or the signal aborts. A slow reader gets only the latest. */
async function* follow(tasks: Services["tasks"], id: string, signal: AbortSignal): AsyncGenerator<SseMessage> {
  let wake = () => {};
  let latest: Task | undefined;
  const stop = tasks.watch(id, (task) => {
    latest = task;
    wake();
  });
  signal.addEventListener("abort", () => wake());
  try {
    const now = await tasks.get(id);
    latest ??= now;
    while (!signal.aborted) {
      const task = latest;
      latest = undefined;
      if (task) {
        yield { event: "task", data: task };
        if (task.status !== "queued" && task.status !== "running") return;
      } else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    stop();
  }
}
