/** Shared by all hosted protocols: authorization of a call, starting its run, and cancelling it when the caller disconnects. */
import { PatchbayError } from "../../runtime/error.ts";
import type { Wait } from "../../runtime/event.ts";
import type { FileRef, Message } from "../../runtime/message.ts";
import type { RunResult } from "../contract/run.ts";
import type { CallerKey } from "../keys/service.ts";
import type { PublishedDeps } from "./deps.ts";

export type HostedServices = Pick<PublishedDeps, "agents" | "keys" | "runs" | "files">;

export interface Target {
  slug: string;
  version?: number;
}

/** Parses `slug` or `slug@version`. Undefined for any other text. */
function parseAgentRef(text: string): Target | undefined {
  const match = /^([a-z0-9-]{1,200})(?:@([1-9]\d{0,8}))?$/.exec(text);
  if (!match) return undefined;
  return { slug: match[1]!, ...(match[2] !== undefined && { version: Number(match[2]) }) };
}

/**
 * Resolves the agent of a call, by `slug` or `slug@version`, and checks that the key may run it. Rejects
 * with `not_found` for an agent or version that the key cannot see, and with `forbidden` for a key without the right `run`.
 */
export async function targetOf(
  services: Pick<PublishedDeps, "agents" | "keys">,
  key: CallerKey,
  name: string,
): Promise<Target> {
  const notFound = () =>
    new PatchbayError("not_found", `The agent "${name.slice(0, 100)}" was not found, or this key may not call it.`);
  const target = parseAgentRef(name);
  if (!target || !services.keys.allows(key, target.slug)) throw notFound();
  const publication = await services.agents.publication(target.slug);
  if (!publication) throw notFound();
  if (!key.rights.includes("run"))
    throw new PatchbayError("forbidden", `The key "${key.name}" does not have the right "run".`);
  if (target.version !== undefined && target.version > publication.latest) throw notFound();
  return target;
}

/** Publications that the key may call, by slug. */
export async function callable(services: HostedServices, key: CallerKey) {
  if (!key.rights.includes("run")) return [];
  const publications = await services.agents.publications();
  return publications.filter((one) => services.keys.allows(key, one.slug)).sort((a, b) => (a.slug < b.slug ? -1 : 1));
}

export interface AgentCall {
  target: Target;
  key: CallerKey;
  message: string;
  files?: FileRef[];
  /** The conversation before the message. Default: the session's. */
  history?: Message[];
  /** Declared inputs beside the message. */
  fields?: Record<string, unknown>;
  session?: string;
  user?: string;
  /** The `Idempotency-Key`, and the request it is bound to. A run with one continues when its caller disconnects. */
  idempotency?: { id: string; body: string };
  /** The response is streamed. */
  stream?: boolean;
}

/** Starts (or finds) the run. Rejects as `Runs.start` does. */
export function startCall(services: HostedServices, call: AgentCall) {
  const { key, message, files, history } = call;
  return services.runs.start(
    call.target,
    {
      ...call.fields,
      message,
      ...(files?.length && { files: files.map((file) => file.id) }),
      ...(history?.length && { history }),
    },
    {
      key: key.id,
      ...(call.session !== undefined && { session: call.session }),
      ...(call.user !== undefined && { user: call.user }),
      ...(call.idempotency && { idempotency: call.idempotency }),
    },
    { stream: call.stream ?? false, trusted: true },
  );
}

/** Awaits the run's result. Aborting `gone` cancels the run, unless `keepRunning`. */
export async function awaitCall(
  services: HostedServices,
  run: { id: string; done: Promise<RunResult> },
  gone: AbortSignal,
  keepRunning: boolean,
): Promise<RunResult> {
  const cancel = (): void => {
    if (!keepRunning) void services.runs.cancel(run.id).catch(() => {});
  };
  if (gone.aborted) cancel();
  gone.addEventListener("abort", cancel, { once: true });
  try {
    return await run.done;
  } finally {
    gone.removeEventListener("abort", cancel);
  }
}

/** The reply as text; a value other than a string becomes JSON. */
export function replyText(result: RunResult): string {
  const reply = result.output?.reply;
  if (reply === undefined || reply === null) return "";
  return typeof reply === "string" ? reply : JSON.stringify(reply);
}

/** Text in place of the reply while a run waits for a person, in the language of `message`. */
export function waitSentence(waits: Wait[] | undefined, message: string): string {
  const chinese = /\p{Script=Han}/u.test(message);
  const sentences = (waits ?? []).map(({ kind, question }) => {
    if (kind === "uncertain") {
      return chinese
        ? `无法确定一次工具调用是否成功，需要有人决定如何继续：${question}`
        : `The outcome of a tool call is unknown. A person must decide how to continue: ${question}`;
    }
    return chinese
      ? `这一步需要有人批准后才能继续：${question}`
      : `A person must approve this step before the agent can continue: ${question}`;
  });
  return sentences.join("\n");
}
