/** The stream of a hosted run: what a caller of a published agent sees of its events, and the text of the reply. */
import type { ErrorData } from "../../runtime/error.ts";
import type { RunOutput, RunUsage, Wait } from "../../runtime/event.ts";
import type { FileRef } from "../../runtime/message.ts";

/** `type` is the name of the SSE event, `seq` its id; a delta has none. */
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

/** What must be decided, without where in the graph it is. */
export type HostedWait = Pick<Wait, "wait" | "kind" | "question" | "call" | "expiresAt">;

/** What an agent did on its way to a reply, where its owner shows it. */
export type HostedStep =
  | { kind: "tool"; tool: string; call: string; state: "running" | "done" | "failed" }
  | { kind: "search"; found: number };
