import type { Task } from "../contract/task.ts";

/** Executes a task; must be safe to start again. Resolves with the result. */
export type TaskHandler<I> = (
  input: I,
  context: { task: string; signal: AbortSignal; progress(p: Task["progress"]): void },
) => Promise<unknown>;

/** Durable work that is not a run. A task that was running when the process died is started again from its input. */
export interface Tasks {
  /** Registers the handler of a kind of task. */
  handle<I>(kind: string, handler: TaskHandler<I>): void;
  start<I>(kind: string, input: I, options?: { title?: string }): Promise<Task>;
  get(id: string): Promise<Task | undefined>;
  list(options?: { after?: string; limit?: number }): Promise<Task[]>;
  cancel(id: string): Promise<Task | undefined>;
  /** Calls back at each change, until the returned function is called. */
  watch(id: string, listener: (task: Task) => void): () => void;
}
