/** A visit: the token, the agent's face, and the calls that the page may make. No cookie; what is kept is in this browser alone. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { RunOutput, Wait, WaitDecision } from "../../runtime/event.ts";
import type { Field } from "../../runtime/field.ts";
import type { RunStatus } from "../../runtime/fold-run.ts";
import type { FileRef } from "../../runtime/message.ts";

export interface Face {
  name: string;
  description: string;
  greeting: string;
  suggestions: string[];
  language: "auto" | "en" | "zh";
  /** What the agent asks for beside the message and files. */
  fields: Field[];
  /** The built-in demo answers, and no real model. */
  demo: boolean;
}

export interface Visit {
  token: string;
  session: string;
  expiresAt: number;
  agent: Face;
}

/** What the agent does on its way to an answer, where its owner shows it. */
export type Step =
  | { kind: "tool"; tool: string; call: string; state: "running" | "done" | "failed" }
  | { kind: "search"; found: number };

export interface Rating {
  score: number;
  comment?: string;
}

export type OpenWait = Pick<Wait, "wait" | "kind" | "question" | "call" | "expiresAt">;

/** A turn of an earlier visit. */
export interface PastTurn {
  run: string;
  status: RunStatus;
  messages: { role: "user" | "assistant"; content: unknown }[];
  output?: RunOutput;
  error?: { code: string; message: string };
  waits?: OpenWait[];
  steps?: Step[];
  files?: FileRef[];
  rating?: Rating;
}

/** What the hosted stream tells of a run. */
export type HostedItem =
  | { type: "delta"; run: string; offset: number; text: string }
  | { type: "run-start"; run: string; seq: number }
  | { type: "run-resume"; run: string; seq: number; answered?: string[] }
  | { type: "run-wait"; run: string; seq: number; waits: OpenWait[] }
  | { type: "tool-start" | "tool-end" | "retrieval"; run: string; seq: number; step: Step; files?: FileRef[] }
  | { type: "run-end"; run: string; seq: number; output: RunOutput; files?: FileRef[] }
  | { type: "run-fail"; run: string; seq: number; error: { code: string; message: string } }
  | { type: "run-cancel"; run: string; seq: number }
  | { type: "error"; error: { code: string; message: string } };

export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The slug of this page, and what stands behind `?key=`. */
export const slug = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const key = new URLSearchParams(location.search).get("key") ?? undefined;

/** Begins a visit, or goes on with one. Rejects with a `Refusal` (404: not open to this visitor). */
export async function beginVisit(renew?: string): Promise<Visit> {
  const body = { ...(key ? { key } : {}), ...(renew ? { renew } : {}) };
  const response = await fetch(`/chat/${encodeURIComponent(slug)}/visits`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as Visit;
}

async function refusal(response: Response): Promise<Refusal> {
  const body = (await response.json().catch(() => undefined)) as { error?: { message?: string } } | undefined;
  return new Refusal(response.status, body?.error?.message ?? response.statusText);
}

/** The calls of one visit. The token is renewed when it ran out while the page was open. */
export class Line {
  visit: Visit;
  constructor(visit: Visit) {
    this.visit = visit;
  }

  async #call(path: string, init: RequestInit = {}): Promise<Response> {
    if (Date.now() > this.visit.expiresAt - 60_000) this.visit = await beginVisit(this.visit.token);
    const headers = { ...(init.headers as Record<string, string>), Authorization: `Bearer ${this.visit.token}` };
    const response = await fetch(path, { ...init, headers });
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /** Sends a message; the run's answer as it comes. Sent again under the same `once` it is the same run. */
  ask(input: Record<string, unknown>, once: string, signal: AbortSignal): Promise<AsyncIterable<HostedItem>> {
    const headers = { "Idempotency-Key": once };
    return this.#stream(`/v1/agents/${encodeURIComponent(slug)}/runs`, { input }, signal, headers);
  }

  /** Resolves when the answer is on record. Rejects with a `Refusal` (403: this visitor may not answer). */
  async answer(run: string, answer: WaitDecision): Promise<void> {
    await this.#call(`/v1/runs/${run}/answer`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Prefer: "respond-async" },
      body: JSON.stringify(answer),
    });
  }

  /** The stream again after a lost connection. */
  async follow(run: string, after: number, signal: AbortSignal): Promise<AsyncIterable<HostedItem>> {
    const response = await this.#call(`/v1/runs/${run}/events`, {
      headers: { Accept: "text/event-stream", ...(after >= 0 ? { "Last-Event-ID": String(after) } : {}) },
      signal,
    });
    return items(response);
  }

  async cancel(run: string): Promise<void> {
    await this.#call(`/v1/runs/${run}/cancel`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "{}",
    });
  }

  async upload(file: File): Promise<FileRef> {
    const form = new FormData();
    form.append("file", file);
    return (await this.#call("/v1/files", { method: "POST", body: form })).json() as Promise<FileRef>;
  }

  async rate(run: string, rating: Rating): Promise<void> {
    await this.#call(`/v1/runs/${run}/rating`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(rating),
    });
  }

  /** A file that the answer of a run names. Rejects with a `Refusal` where it names no such one. */
  async file(run: string, file: string): Promise<Blob> {
    return (await this.#call(`/v1/runs/${run}/files/${encodeURIComponent(file)}`)).blob();
  }

  /** What was said in this session, oldest first; nothing where nothing was. */
  async past(): Promise<PastTurn[]> {
    try {
      const response = await this.#call(`/v1/sessions/${this.visit.session}`);
      return ((await response.json()) as { turns: PastTurn[] }).turns;
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return [];
      throw error;
    }
  }

  async forget(): Promise<void> {
    try {
      await this.#call(`/v1/sessions/${this.visit.session}`, { method: "DELETE" });
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 404) throw error;
    }
  }

  async #stream(
    path: string,
    body: unknown,
    signal: AbortSignal,
    headers: Record<string, string> = {},
  ): Promise<AsyncIterable<HostedItem>> {
    const response = await this.#call(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream", ...headers },
      body: JSON.stringify(body),
      signal,
    });
    return items(response);
  }
}

async function* items(response: Response): AsyncGenerator<HostedItem> {
  const stream = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield { ...(JSON.parse(value.data) as object), type: value.event ?? "message" } as HostedItem;
  }
}
