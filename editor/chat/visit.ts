/**
 * A visit of the chat page: its token, the agent's public data, and the allowed calls. Uses no cookies; data is stored
 * in this browser only.
 */
import type { RunOutput, WaitDecision } from "../../runtime/event.ts";
import type { Field } from "../../runtime/field.ts";
import type { RunStatus } from "../../runtime/fold-run.ts";
import type { FileRef } from "../../runtime/message.ts";
import type { Look } from "../../server/contract/agent.ts";
import type { HostedItem, HostedStep, HostedWait } from "../../server/contract/hosted-item.ts";
import { ApiError, send, streamItems } from "../api/call.ts";

export interface AgentProfile {
  name: string;
  description: string;
  greeting: string;
  suggestions: string[];
  language: "auto" | "en" | "zh";
  /** The agent's input fields besides the message and files. */
  fields: Field[];
  look: Look;
  /** Files can be attached. */
  files: boolean;
  /** The built-in demo model replies instead of a real model. */
  demo: boolean;
}

export interface Visit {
  token: string;
  session: string;
  expiresAt: number;
  agent: AgentProfile;
}

export interface Rating {
  score: number;
  comment?: string;
}

/** A turn from an earlier visit. */
export interface PastTurn {
  run: string;
  status: RunStatus;
  /** A later turn replaced this one. */
  replaced?: true;
  messages: { role: "user" | "assistant"; content: unknown }[];
  output?: RunOutput;
  error?: { code: string; message: string };
  waits?: HostedWait[];
  steps?: HostedStep[];
  files?: FileRef[];
  rating?: Rating;
}

/** The slug of this page, and the value of `?key=`. */
export const slug = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const key = new URLSearchParams(location.search).get("key") ?? undefined;

/** Starts a visit, or continues one. Rejects with an `ApiError` (404: not open to this visitor). */
export async function startVisit(renew?: string): Promise<Visit> {
  const body = { ...(key ? { key } : {}), ...(renew ? { renew } : {}) };
  const response = await send(`/chat/${encodeURIComponent(slug)}/visits`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Visit;
}

/** The API calls of one visit. Renews the token when it expires while the page is open. */
export class VisitClient {
  visit: Visit;
  constructor(visit: Visit) {
    this.visit = visit;
  }

  async #call(path: string, init: RequestInit = {}): Promise<Response> {
    if (Date.now() > this.visit.expiresAt - 60_000) this.visit = await startVisit(this.visit.token);
    const headers = { ...(init.headers as Record<string, string>), Authorization: `Bearer ${this.visit.token}` };
    return await send(path, { ...init, headers });
  }

  /**
   * Sends a message and streams its run. A request with the same `once` returns the same run. `replaces`: the run of a
   * turn that leaves the conversation, with all later ones.
   */
  async *send(
    input: Record<string, unknown>,
    { once, replaces }: { once: string; replaces?: string },
    signal: AbortSignal,
  ): AsyncGenerator<HostedItem> {
    yield* streamItems(
      await this.#call(`/v1/agents/${encodeURIComponent(slug)}/runs`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "text/event-stream", "Idempotency-Key": once },
        body: JSON.stringify({ input, replaces }),
        signal,
      }),
    );
  }

  /** Resolves when the decision is stored. Rejects with an `ApiError` (403: this visitor may not decide). */
  async decide(run: string, decision: WaitDecision): Promise<void> {
    await this.#call(`/v1/runs/${run}/answer`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Prefer: "respond-async" },
      body: JSON.stringify(decision),
    });
  }

  /** Streams a run, starting after an event (-1: from the beginning). */
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

  /** A file that the reply of a run refers to. Rejects with an `ApiError` if it does not refer to this file. */
  async file(run: string, file: string): Promise<Blob> {
    return (await this.#call(`/v1/runs/${run}/files/${encodeURIComponent(file)}`)).blob();
  }

  /** The turns of this session, oldest first; empty for a new session. */
  async turns(): Promise<PastTurn[]> {
    try {
      const response = await this.#call(`/v1/sessions/${this.visit.session}`);
      return ((await response.json()) as { turns: PastTurn[] }).turns;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    }
  }

  async deleteSession(): Promise<void> {
    try {
      await this.#call(`/v1/sessions/${this.visit.session}`, { method: "DELETE" });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }
}
