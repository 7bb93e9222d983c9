/** The stream of a hosted run: the public view of its events, and the text of the reply. */
import type { ErrorData } from "../../runtime/error.ts";
import type { RunOutput, RunUsage, Wait } from "../../runtime/event.ts";
import type { FileRef } from "../../runtime/message.ts";

/** `type` is the SSE event name, `seq` its id. A delta has no id. */
export type HostedItem =
  | { type: "delta"; run: string; kind: "text"; offset: number; text: string; answer: true }
  | ({ run: string; seq: number; at: number } & (
      | { type: "run-start"; session?: string }
      | { type: "run-wait"; waits: HostedWait[] }
      | { type: "run-resume"; answered?: string[] }
      | { type: "tool-start" | "tool-end" | "retrieval"; step: HostedStep; files?: FileRef[] }
      | { type: "run-end"; output: RunOutput; usage: RunUsage; files?: FileRef[] }
      | { type: "run-fail"; error: ErrorData; usage: RunUsage }
      | { type: "run-cancel"; usage: RunUsage }
    ));

/** A pending decision, without its position in the graph. */
export type HostedWait = Pick<Wait, "wait" | "kind" | "question" | "call" | "expiresAt"> & {
  /** Only the owner of the agent may decide: the reader gets neither the tool (its question is empty) nor the arguments. */
  owner?: true;
};

/** A step of the agent, sent when the publication shows steps. */
export type HostedStep =
  | { kind: "tool"; tool: string; call: string; state: "running" | "done" | "failed" }
  | { kind: "search"; found: number };
