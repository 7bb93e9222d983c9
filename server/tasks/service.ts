import type { Task } from "../contract/task.ts";
/** Durable work that is no run. A task that was running when the process died is started again from its input. */
export interface Tasks {
  /** Registers what does a kind of work; `work` must be safe to start again. */
  handle<I>(
    kind: string,
    work: (
      input: I,
      context: { task: string; signal: AbortSignal; progress(p: Task["progress"]): void },
    ) => Promise<unknown>,
  ): void;
  start<I>(kind: string, input: I, options?: { title?: string }): Promise<Task>;
  get(id: string): Promise<Task | undefined>;
  list(options?: { after?: string; limit?: number }): Promise<Task[]>;
  cancel(id: string): Promise<Task | undefined>;
  /** Calls back at each change until the returned function is called. */
  watch(id: string, listener: (task: Task) => void): () => void;
}
