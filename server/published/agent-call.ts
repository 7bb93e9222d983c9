/** What every hosted protocol does: who may call which agent, a run for the call, and what becomes of it when the caller goes. */
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

/** Reads `slug` or `slug@version`. Undefined for any other text. */
function parseAgentRef(text: string): Target | undefined {
  const match = /^([a-z0-9-]{1,200})(?:@([1-9]\d{0,8}))?$/.exec(text);
  if (!match) return undefined;
  return { slug: match[1]!, ...(match[2] !== undefined && { version: Number(match[2]) }) };
}

/**
 * The agent that a call names, by `slug` or `slug@version`, if the key may run it: the same for every protocol. Rejects
 * with `not_found` for an agent or version that the key cannot see, and with `forbidden` for a key without the right `run`.
 */
export async function targetOf(
  services: Pick<PublishedDeps, "agents" | "keys">,
  key: CallerKey,
  name: string,
): Promise<Target> {
  const missing = () =>
    new PatchbayError("not_found", `There is no agent "${name.slice(0, 100)}" that this key may call.`);
  const target = parseAgentRef(name);
  if (!target || !services.keys.allows(key, target.slug)) throw missing();
  const publication = await services.agents.publication(target.slug);
  if (!publication) throw missing();
  if (!key.rights.includes("run"))
    throw new PatchbayError("forbidden", `The key "${key.name}" has no right to run agents.`);
  if (target.version !== undefined && target.version > publication.latest) throw missing();
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
  /** The conversation before the message; absent: the session's. */
  history?: Message[];
  /** Declared inputs beside the message. */
  fields?: Record<string, unknown>;
  session?: string;
  user?: string;
  /** The `Idempotency-Key` and what must be the same for it: a run that came with one outlives its caller. */
  idempotency?: { id: string; body: string };
  /** Somebody will follow it. */
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

/** The result of a run whose caller may hang up: it is then cancelled, unless `stays`. */
export async function awaitCall(
  services: HostedServices,
  run: { id: string; done: Promise<RunResult> },
  gone: AbortSignal,
  stays: boolean,
): Promise<RunResult> {
  const cancel = (): void => {
    if (!stays) void services.runs.cancel(run.id).catch(() => {});
  };
  if (gone.aborted) cancel();
  gone.addEventListener("abort", cancel, { once: true });
  try {
    return await run.done;
  } finally {
    gone.removeEventListener("abort", cancel);
  }
}

/** An answer's reply as text: a text as it is, anything else as JSON. */
export function replyText(result: RunResult): string {
  const reply = result.output?.reply;
  if (reply === undefined || reply === null) return "";
  return typeof reply === "string" ? reply : JSON.stringify(reply);
}

/** What is said to somebody who can only read an answer, while the run waits for a person. */
export function waitSentence(waits: Wait[] | undefined, message: string): string {
  const chinese = /\p{Script=Han}/u.test(message);
  const told = (waits ?? []).map(({ kind, question }) => {
    if (kind === "uncertain") {
      return chinese
        ? `无法确定一次工具调用是否成功，需要有人决定如何继续：${question}`
        : `It is not known whether a tool call went through; a person must decide how to go on: ${question}`;
    }
    return chinese
      ? `这一步需要有人批准后才能继续：${question}`
      : `A person must approve this before it can go on: ${question}`;
  });
  return told.join("\n");
}
