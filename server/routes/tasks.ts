/** Tasks: durable work that is no run, with its progress as it goes. */
import { Hono } from "hono";
import { z } from "zod";
import { Task } from "../contract/task.ts";
import { describe, Paging, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { type SseMessage, sse } from "../http/sse.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

export function taskRoutes({ tasks }: Pick<Services, "tasks">) {
  const need = async (id: string): Promise<Task> => {
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
      describe({ summary: "Get a task", tag: "tasks", response: Task, errors: { 404: "There is none." } }),
      async (c) => c.json(await need(c.req.param("id"))),
    )
    .get(
      "/:id/events",
      describe({
        summary: "Follow a task",
        tag: "tasks",
        description: "Server-sent events `task`, each the whole task; the stream ends with it.",
        response: "text/event-stream",
        errors: { 404: "There is none." },
      }),
      async (c) => {
        const { id } = await need(c.req.param("id"));
        const gone = new AbortController();
        return sse(follow(tasks, id, gone.signal), () => gone.abort());
      },
    )
    .post(
      "/:id/cancel",
      describe({
        summary: "Cancel a task",
        tag: "tasks",
        description: "Nothing happens to one that has ended.",
        response: Task,
        errors: { 404: "There is none." },
      }),
      async (c) => {
        const { id } = await need(c.req.param("id"));
        return c.json((await tasks.cancel(id)) ?? (await need(id)));
      },
    );
}

/** The task now and after each change, until it ends or the signal aborts. A slow reader skips to the newest. */
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
