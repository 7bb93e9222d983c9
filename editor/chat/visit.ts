/** A visit: the token, the agent's face, and the calls that the page may make. No cookie; what is kept is in this browser alone. */
import type { RunOutput, WaitDecision } from "../../runtime/event.ts";
import type { Field } from "../../runtime/field.ts";
import type { RunStatus } from "../../runtime/fold-run.ts";
import type { FileRef } from "../../runtime/message.ts";
import type { HostedItem, HostedStep, HostedWait } from "../../server/contract/hosted-item.ts";
import { ApiError, send, streamItems } from "../api/call.ts";

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

export interface Rating {
  score: number;
  comment?: string;
}

/** A turn of an earlier visit. */
export interface PastTurn {
  run: string;
  status: RunStatus;
  messages: { role: "user" | "assistant"; content: unknown }[];
  output?: RunOutput;
  error?: { code: string; message: string };
  waits?: HostedWait[];
  steps?: HostedStep[];
  files?: FileRef[];
  rating?: Rating;
}

/** The slug of this page, and what stands behind `?key=`. */
export const slug = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const key = new URLSearchParams(location.search).get("key") ?? undefined;

/** Begins a visit, or goes on with one. Rejects with an `ApiError` (404: not open to this visitor). */
export async function beginVisit(renew?: string): Promise<Visit> {
  const body = { ...(key ? { key } : {}), ...(renew ? { renew } : {}) };
  const response = await send(`/chat/${encodeURIComponent(slug)}/visits`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Visit;
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
    return await send(path, { ...init, headers });
  }

  /** Sends a message and reads the run that comes of it. Sent again under the same `once` it is the same run. */
  async *ask(input: Record<string, unknown>, once: string, signal: AbortSignal): AsyncGenerator<HostedItem> {
    yield* streamItems(
      await this.#call(`/v1/agents/${encodeURIComponent(slug)}/runs`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "text/event-stream", "Idempotency-Key": once },
        body: JSON.stringify({ input }),
        signal,
      }),
    );
  }

  /** Resolves when the answer is on record. Rejects with an `ApiError` (403: this visitor may not answer). */
  async answer(run: string, answer: WaitDecision): Promise<void> {
    await this.#call(`/v1/runs/${run}/answer`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Prefer: "respond-async" },
      body: JSON.stringify(answer),
    });
  }

  /** The stream of a run from after an event (-1: all of it). */
  async *follow(run: string, after: number, signal: AbortSignal): AsyncGenerator<HostedItem> {
    yield* streamItems(
      await this.#call(`/v1/runs/${run}/events`, {
        headers: { Accept: "text/event-stream", ...(after >= 0 && { "Last-Event-ID": String(after) }) },
        signal,
      }),
    );
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

  /** A file that the answer of a run names. Rejects with an `ApiError` where it names no such one. */
  async file(run: string, file: string): Promise<Blob> {
    return (await this.#call(`/v1/runs/${run}/files/${encodeURIComponent(file)}`)).blob();
  }

  /** What was said in this session, oldest first; nothing where nothing was. */
  async past(): Promise<PastTurn[]> {
    try {
      const response = await this.#call(`/v1/sessions/${this.visit.session}`);
      return ((await response.json()) as { turns: PastTurn[] }).turns;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    }
  }

  async forget(): Promise<void> {
    try {
      await this.#call(`/v1/sessions/${this.visit.session}`, { method: "DELETE" });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }
}
