/**
 * A Host that plays a script: for tests of graphs, by us and by users. Its clock ticks one millisecond an event, its ids
 * are `id-1`, `id-2`…, nothing leaves the process. Everything it was asked is recorded.
 */
import type { CompiledGraph } from "../compile.ts";
import { PatchbayError } from "../error.ts";
import type { Delta, FinishReason, RunEvent } from "../event.ts";
import type { Host, HttpRequest, HttpResponse } from "../host.ts";
import type { Document, FileRef, Message } from "../message.ts";
import type { ChatRequest, Model, ModelEvent, ModelProfile } from "../model.ts";
import { ModelProfile as ModelProfileSchema } from "../model.ts";
import { ToolIndex } from "../retrieval/tool-index.ts";
import type { RankedTool, ToolResult, ToolSpec } from "../tool.ts";

/** One answer of the scripted model. A plain string is a text answer. */
export type ScriptedAnswer =
  | string
  | {
      text?: string;
      reasoning?: string;
      calls?: { id?: string; name: string; arguments?: unknown; raw?: string }[];
      reason?: FinishReason;
      error?: {
        code:
          | "provider_unavailable"
          | "connection_lost"
          | "auth_failed"
          | "bad_response"
          | "refused"
          | "context_overflow"
          | "stream_stalled";
        message: string;
      };
      usage?: { inputTokens: number; outputTokens: number };
      /** Ends only when aborted. */
      hang?: boolean;
      /** How the text is cut into deltas; default one delta. */
      split?: (text: string) => string[];
    };

export interface Script {
  /** Answers in order, or one made from each request (`index` counts from 0). When they run out: `provider_unavailable`. */
  answers?: ScriptedAnswer[] | ((request: ChatRequest, index: number) => ScriptedAnswer | Promise<ScriptedAnswer>);
  /** Per model name; `default` resolves to the first. */
  models?: Record<string, Partial<ModelProfile> & { demo?: boolean; fallback?: string }>;
  tools?: (ToolSpec & {
    call?: (
      args: unknown,
      context: { idempotencyKey: string; signal: AbortSignal },
    ) => ToolResult | string | Promise<ToolResult | string>;
  })[];
  knowledge?: Record<string, Document[] | ((query: string) => Document[])>;
  agents?: Record<string, CompiledGraph>;
  history?: Record<string, Message[]>;
  fetch?: (request: HttpRequest, signal: AbortSignal) => HttpResponse | Promise<HttpResponse>;
  evaluate?: (source: string, input: Record<string, unknown>) => unknown;
  embed?: (text: string) => number[];
  /** Ids count from here + 1, so that a resumed run gets new ones. */
  idsFrom?: number;
  /** Called before an event is stored; throw to play a full disk. */
  onAppend?: (event: RunEvent) => void;
}

export interface ScriptedHost extends Host {
  /** Everything appended, in order. */
  readonly events: RunEvent[];
  readonly deltas: Delta[];
  readonly requests: ChatRequest[];
  readonly calls: { tool: string; arguments: unknown; idempotencyKey: string }[];
  readonly files: Map<string, { ref: FileRef; bytes: Uint8Array }>;
  /** The text passed on as the answer, put together from the deltas. */
  answerText(): string;
}

export function scriptedHost(script: Script = {}): ScriptedHost {
  const events: RunEvent[] = [];
  const deltas: Delta[] = [];
  const requests: ChatRequest[] = [];
  const calls: ScriptedHost["calls"] = [];
  const files: ScriptedHost["files"] = new Map();
  let clock = 1_700_000_000_000;
  let ids = script.idsFrom ?? 0;
  let asked = 0;
  const models = script.models ?? { "scripted/model": {} };

  return {
    events,
    deltas,
    requests,
    calls,
    files,
    answerText: () =>
      deltas
        .filter((delta) => delta.answer && delta.kind === "text")
        .reduce((before, delta) => (delta.offset === 0 ? "" : before) + delta.text, ""),
    async append(event) {
      script.onAppend?.(event);
      events.push(JSON.parse(JSON.stringify(event)) as RunEvent);
    },
    delta(delta) {
      deltas.push(delta);
    },
    async model(name) {
      const resolved = name === "default" ? Object.keys(models)[0]! : name;
      const found = models[resolved];
      if (!found) throw new PatchbayError("model_missing", `The model "${name}" is not set up.`);
      const { demo, fallback, ...profile } = found;
      return {
        name: resolved,
        profile: ModelProfileSchema.parse(profile),
        ...(demo ? { demo } : {}),
        ...(fallback ? { fallback } : {}),
      } satisfies Model;
    },
    async *chat(request, signal): AsyncGenerator<ModelEvent> {
      const index = asked++;
      requests.push(structuredClone(request));
      const next = Array.isArray(script.answers) ? script.answers[index] : await script.answers?.(request, index);
      if (signal.aborted) return yield { type: "end", reason: "aborted" };
      if (next === undefined)
        return yield {
          type: "end",
          reason: "error",
          error: { code: "provider_unavailable", message: "The script has no further answer." },
        };
      const answer = typeof next === "string" ? { text: next } : next;
      if (answer.reasoning) yield { type: "reasoning-delta", text: answer.reasoning };
      for (const text of answer.text ? (answer.split?.(answer.text) ?? [answer.text]) : [])
        yield { type: "text-delta", text };
      if (answer.hang) {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
        return yield { type: "end", reason: "aborted" };
      }
      for (const [at, call] of (answer.calls ?? []).entries())
        yield {
          type: "tool-call",
          call: {
            id: call.id ?? `call-${index + 1}-${at + 1}`,
            name: call.name,
            ...(call.raw === undefined ? { arguments: call.arguments ?? {} } : { raw: call.raw }),
          },
        };
      yield {
        type: "end",
        reason: answer.error ? "error" : (answer.reason ?? (answer.calls?.length ? "tools" : "stop")),
        usage: answer.usage ?? { inputTokens: 10, outputTokens: 5 },
        ...(answer.error ? { error: answer.error } : {}),
      };
    },
    async embed(texts) {
      if (!script.embed) throw new PatchbayError("model_missing", "No embedder is set.");
      return texts.map(script.embed);
    },
    async searchKnowledge(name, query, options) {
      const found = script.knowledge?.[name];
      if (!found) throw new PatchbayError("knowledge_missing", `There is no knowledge "${name}".`);
      return (typeof found === "function" ? found(query) : found).slice(0, options.limit);
    },
    async tools(names) {
      const all = script.tools ?? [];
      return names.flatMap((name) => {
        const found = name.endsWith("/*")
          ? all.filter((tool) => tool.name.startsWith(name.slice(0, -1)))
          : all.filter((tool) => tool.name === name);
        if (found.length === 0) throw new PatchbayError("tool_not_allowed", `There is no tool "${name}".`);
        return found.map(({ call: _call, ...spec }) => spec);
      });
    },
    async searchTools(query, offered, limit): Promise<RankedTool[]> {
      const found = new ToolIndex(offered).search(query, limit);
      return found.map(({ tool, score }, at) => ({ tool, score, ranks: { words: at + 1 } }));
    },
    async callTool(call, { idempotencyKey }, signal) {
      calls.push({ tool: call.tool, arguments: call.arguments, idempotencyKey });
      const tool = script.tools?.find((one) => one.name === call.tool);
      if (!tool?.call) return { content: `There is no tool "${call.tool}".`, error: true };
      const result = await tool.call(call.arguments, { idempotencyKey, signal });
      return typeof result === "string" ? { content: result } : result;
    },
    async fetch(request, signal) {
      if (!script.fetch) throw new PatchbayError("address_blocked", "The script answers no requests.");
      return script.fetch(request, signal);
    },
    async evaluate(source, input) {
      if (!script.evaluate) throw new PatchbayError("code_failed", "The script runs no code.");
      return script.evaluate(source, input);
    },
    async graph(agent) {
      const found = script.agents?.[agent];
      if (!found) throw new PatchbayError("not_found", `There is no agent "${agent}".`);
      return found;
    },
    async history(session) {
      return script.history?.[session] ?? [];
    },
    artifact: {
      async put(file) {
        const ref: FileRef = {
          id: `file-${files.size + 1}`,
          mediaType: file.mediaType,
          name: file.name,
          bytes: file.bytes.length,
        };
        files.set(ref.id, { ref, bytes: file.bytes });
        return ref;
      },
      async get(id) {
        const found = files.get(id);
        if (!found) throw new PatchbayError("not_found", `There is no file "${id}".`);
        return found;
      },
    },
    async fileText({ id, mediaType }) {
      const found = files.get(id);
      if (!found) throw new PatchbayError("not_found", `There is no file "${id}".`);
      return mediaType.startsWith("text/") ? new TextDecoder().decode(found.bytes) : undefined;
    },
    now: () => clock++,
    newId: () => `id-${++ids}`,
    random: () => 0.5,
    // Time does not pass in a script: a short wait is over at once, a long one (a run's limit) only by its signal.
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (ms < 60_000) return resolve();
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
  };
}
