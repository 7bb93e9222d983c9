/** A visit: the token, the agent's face, and the calls that the page may make. No cookie; what is kept is in this browser alone. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { RunOutput, Wait, WaitAnswer } from "../../runtime/event.ts";
import type { Field } from "../../runtime/field.ts";
import type { FileRef } from "../../runtime/message.ts";

export interface Face {
  name: string;
  description: string;
  greeting: string;
  suggestions: string[];
  language: "auto" | "en" | "zh";
  fields: Field[];
}

export interface Visit {
  token: string;
  session: string;
  expiresAt: number;
  agent: Face;
}

/** What the hosted stream tells of a run. */
export type HostedItem =
  | { type: "delta"; run: string; offset: number; text: string }
  | { type: "run-start" | "run-resume"; run: string; seq: number }
  | { type: "run-wait"; run: string; seq: number; waits: Pick<Wait, "wait" | "kind" | "question" | "call">[] }
  | { type: "run-end"; run: string; seq: number; output: RunOutput }
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

  /** Sends a message; the run's answer as it comes. */
  ask(input: { message: string; files?: string[] }, signal: AbortSignal): Promise<AsyncIterable<HostedItem>> {
    return this.#stream(`/v1/agents/${encodeURIComponent(slug)}/runs`, { input }, signal);
  }

  answer(run: string, answer: WaitAnswer, signal: AbortSignal): Promise<AsyncIterable<HostedItem>> {
    return this.#stream(`/v1/runs/${run}/answer`, answer, signal);
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

  /** What was said in this session; nothing where nothing was. */
  async past(): Promise<{ role: "user" | "assistant"; content: string }[]> {
    try {
      const response = await this.#call(`/v1/sessions/${this.visit.session}`);
      const { turns } = (await response.json()) as {
        turns: { messages: { role: "user" | "assistant"; content: unknown }[] }[];
      };
      return turns.flatMap((turn) => turn.messages.map(({ role, content }) => ({ role, content: textOf(content) })));
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

  async #stream(path: string, body: unknown, signal: AbortSignal): Promise<AsyncIterable<HostedItem>> {
    const response = await this.#call(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
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

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return JSON.stringify(content);
  return content
    .map((part: { type: string; text?: string; file?: FileRef }) =>
      part.type === "text" ? part.text : `📎 ${part.file?.name ?? ""}`,
    )
    .join("\n");
}
