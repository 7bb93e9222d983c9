/**
 * A2A over runs: a task is a run of the key, and its context is the session. Tasks therefore survive restarts and are
 * available on every process, without a second record.
 */
import {
  type AgentCard,
  type ListTasksRequest,
  type ListTasksResponse,
  type Message,
  type Part,
  Role,
  type SendMessageRequest,
  type StreamResponse,
  type Task,
} from "@a2a-js/sdk";
import {
  ContentTypeNotSupportedError,
  ExtendedAgentCardNotConfiguredError,
  PushNotificationNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from "@a2a-js/sdk/errors";
import type { A2ARequestHandler } from "@a2a-js/sdk/server";
import { PatchbayError } from "../../../runtime/error.ts";
import type { RunResult } from "../../contract/run.ts";
import type { CallerKey } from "../../keys/service.ts";
import { newId } from "../../lib/ids.ts";
import { type HostedServices, startCall, type Target, waitSentence } from "../agent-call.ts";
import { citationsOf } from "../citations.ts";
import type { PublishedDeps } from "../deps.ts";
import { replyPieces } from "../reply-stream.ts";
import { hostedError, hostedResult } from "../view.ts";
import { changedAt, listTasks, STATES } from "./list-tasks.ts";

export type TaskServices = HostedServices & Pick<PublishedDeps, "log">;

export interface RequestContext {
  key: CallerKey;
  target: Target;
  card: AgentCard;
  /** Ends streams when the caller disconnects or the key is revoked. The run continues: a task can be fetched later. */
  signal: AbortSignal;
}

const ARTIFACT = { artifactId: "answer", name: "", description: "", metadata: undefined, extensions: [] };

export class AgentHandler implements A2ARequestHandler {
  readonly #services: TaskServices;
  readonly #request: RequestContext;

  constructor(services: TaskServices, request: RequestContext) {
    this.#services = services;
    this.#request = request;
  }

  async getAgentCard(): Promise<AgentCard> {
    return this.#request.card;
  }

  async sendMessage(request: SendMessageRequest): Promise<Task> {
    const { run, contextId } = await this.#start(request, false);
    if (request.configuration?.returnImmediately) {
      await withA2aErrors(run.accepted);
      return taskOf({ id: run.id, status: "running", session: contextId } as RunResult);
    }
    return taskOf(await withA2aErrors(run.done));
  }

  async *sendMessageStream(request: SendMessageRequest): AsyncGenerator<StreamResponse, void, undefined> {
    const { run, contextId } = await this.#start(request, true);
    await withA2aErrors(run.accepted);
    yield {
      payload: { $case: "task", value: taskOf({ id: run.id, status: "running", session: contextId } as RunResult) },
    };
    const { signal } = this.#request;
    const items = this.#services.runs.follow(run.id, { untilWait: true, deltas: true, signal });
    let append = false;
    for await (const piece of replyPieces(items, run.done, signal)) {
      if (piece.type === "text") {
        yield artifactUpdate(run.id, contextId, [textPart(piece.text)], append);
        append = true;
      } else yield statusUpdate(taskOf(piece.result));
    }
  }

  async getTask({ id }: { id: string }): Promise<Task> {
    return taskOf(await this.#run(id));
  }

  async cancelTask({ id }: { id: string }): Promise<Task> {
    const before = await this.#run(id);
    if (["done", "failed", "cancelled"].includes(before.status))
      throw new TaskNotCancelableError(`The task ${id} has ended (${before.status}).`);
    return taskOf(await withA2aErrors(this.#services.runs.cancel(id)));
  }

  async *resubscribe({ id }: { id: string }): AsyncGenerator<StreamResponse, void, undefined> {
    const { signal } = this.#request;
    const now = await this.#run(id);
    if (["done", "failed", "cancelled"].includes(now.status))
      throw new UnsupportedOperationError(`The task ${id} has ended. Use GetTask instead.`);
    yield { payload: { $case: "task", value: taskOf(now) } };
    for await (const _item of this.#services.runs.follow(id, { untilWait: true, deltas: false, signal }));
    signal.throwIfAborted();
    const task = taskOf(await this.#run(id));
    for (const { parts } of task.artifacts) yield artifactUpdate(id, task.contextId, parts, false);
    yield statusUpdate(task);
  }

  async listTasks(request: ListTasksRequest): Promise<ListTasksResponse> {
    const { key, target } = this.#request;
    const { rows, ...page } = await listTasks(this.#services.log, key.id, target.slug, request);
    const tasks = await Promise.all(
      rows.map(async (row) => {
        const task = taskOf(await this.#run(row.id));
        const status = { ...task.status, timestamp: new Date(changedAt(row)).toISOString() } as Task["status"];
        return { ...task, status, ...(!request.includeArtifacts && { artifacts: [] }) };
      }),
    );
    return { tasks, ...page };
  }

  async getAuthenticatedExtendedAgentCard(): Promise<never> {
    throw new ExtendedAgentCardNotConfiguredError("There is no extended agent card.");
  }

  async createTaskPushNotificationConfig(): Promise<never> {
    throw noPush();
  }

  async getTaskPushNotificationConfig(): Promise<never> {
    throw noPush();
  }

  async listTaskPushNotificationConfigs(): Promise<never> {
    throw noPush();
  }

  async deleteTaskPushNotificationConfig(): Promise<never> {
    throw noPush();
  }

  async #start({ message, configuration }: SendMessageRequest, stream: boolean) {
    if (!message) throw new RequestMalformedError("The message is missing.");
    if (message.taskId)
      throw new UnsupportedOperationError(
        "A task takes one message only. Send the next message with the same contextId. To decide on a wait, use POST /v1/runs/ID/answer.",
      );
    if (configuration?.taskPushNotificationConfig) throw noPush();
    const { text, fields } = readParts(message);
    const { key, target } = this.#request;
    const contextId = message.contextId || newId();
    if (contextId.length > 200) throw new RequestMalformedError("contextId must have at most 200 characters.");
    const run = await withA2aErrors(
      startCall(this.#services, { target, key, message: text, fields, session: contextId, stream }),
    );
    return { run, contextId };
  }

  async #run(id: string): Promise<RunResult> {
    try {
      return await this.#services.runs.get(id, this.#request.key.id);
    } catch (error) {
      if (error instanceof PatchbayError && error.code === "not_found")
        throw new TaskNotFoundError(`The task "${id.slice(0, 100)}" was not found.`);
      throw error;
    }
  }
}

/** Text parts form the message; objects in data parts are the other inputs. Files in parts are refused. */
function readParts({ parts }: Message): { text: string; fields: Record<string, unknown> } {
  const texts: string[] = [];
  const fields: Record<string, unknown> = {};
  for (const { content } of parts) {
    if (content?.$case === "text") texts.push(content.value);
    else if (content?.$case === "data" && typeof content.value === "object" && !Array.isArray(content.value)) {
      const { message: _message, history: _history, ...rest } = (content.value ?? {}) as Record<string, unknown>;
      Object.assign(fields, rest);
    } else
      throw new ContentTypeNotSupportedError(
        "Only text parts and data parts with an object of inputs are supported. Upload files to /v1/files and send their ids in `files`.",
      );
  }
  return { text: texts.join("\n\n"), fields };
}

function taskOf(given: RunResult): Task {
  const result = hostedResult(given);
  const { sources } = citationsOf(result);
  const contextId = result.session ?? "";
  const statusText = result.waits ? waitSentence(result.waits, "") : result.error?.message;
  const message: Message | undefined =
    statusText === undefined
      ? undefined
      : {
          messageId: `${result.id}-${result.status}`,
          contextId,
          taskId: result.id,
          role: Role.ROLE_AGENT,
          parts: [textPart(statusText)],
          metadata: undefined,
          extensions: [],
          referenceTaskIds: [],
        };
  return {
    id: result.id,
    contextId,
    status: { state: STATES[result.status], message, timestamp: undefined },
    artifacts: result.status === "done" ? [{ ...ARTIFACT, parts: [replyPart(result.output?.reply)] }] : [],
    history: [],
    metadata: result.waits
      ? { "patchbay/waits": result.waits }
      : sources.length > 0
        ? { "patchbay/sources": sources }
        : undefined,
  };
}

function replyPart(reply: unknown): Part {
  if (typeof reply === "object" && reply !== null)
    return {
      content: { $case: "data", value: reply },
      metadata: undefined,
      filename: "",
      mediaType: "application/json",
    };
  return textPart(reply === undefined || reply === null ? "" : String(reply));
}

function textPart(text: string): Part {
  return { content: { $case: "text", value: text }, metadata: undefined, filename: "", mediaType: "text/plain" };
}

function artifactUpdate(taskId: string, contextId: string, parts: Part[], append: boolean): StreamResponse {
  const value = { taskId, contextId, artifact: { ...ARTIFACT, parts }, append, lastChunk: false, metadata: undefined };
  return { payload: { $case: "artifactUpdate", value } };
}

function statusUpdate({ id, contextId, status, metadata }: Task): StreamResponse {
  return { payload: { $case: "statusUpdate", value: { taskId: id, contextId, status, metadata } } };
}

/** Converts errors to those of the protocol, without internal details. */
async function withA2aErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof PatchbayError)) throw new Error("Internal server error.");
    const { message } = hostedError(error);
    if (error.code === "bad_request") throw new RequestMalformedError(message);
    if (["conflict", "rate_limited", "quota_exceeded", "queue_full"].includes(error.code))
      throw new UnsupportedOperationError(error.message);
    throw new Error(message);
  }
}

function noPush(): Error {
  return new PushNotificationNotSupportedError(
    "Push notifications are not supported. The agent's owner can add a notice instead.",
  );
}
