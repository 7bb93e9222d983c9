/**
 * The retrieve–prompt–call loop: choose tools → build the prompt → call the model → run its tool calls → feed results and
 * errors back → repeat, until the model replies or a limit is reached. Everything goes through `step`, which reads the
 * log first, so a resumed run requests nothing twice.
 */

import { mergeDocuments } from "../documents.ts";
import { PatchbayError } from "../error.ts";
import type { Grounding } from "../event.ts";
import { UNREADABLE } from "../formats/format.ts";
import { native } from "../formats/native.ts";
import { languageOf } from "../language.ts";
import type { Document, FileRef, Message } from "../message.ts";
import type { Step, Values } from "../node.ts";
import type { ToolOffer } from "../tool.ts";
import { runCalls } from "./calls.ts";
import { findClaim } from "./claim.ts";
import { type CompletedMessage, complete } from "./complete.ts";
import { withFileTexts } from "./file-texts.ts";
import { type AgentOptions, type LoopState, nodeBudget } from "./loop-state.ts";
import { chooseTools, collectOffers } from "./offers.ts";
import { readStructured, wholeJson } from "./structured.ts";
import { words } from "./words.ts";

/** Inputs of the loop, by port of the `llm` node. */
export interface AgentInputs {
  message: string;
  instructions?: string;
  documents?: Document[][];
  history?: Message[];
  files?: FileRef[];
  tools?: ToolOffer[][];
}

/** How often a faulty text is sent back for repair. */
const MAX_REPAIRS = 2;

/**
 * Runs the loop. Resolves with `text`, `json` (the parsed JSON of the reply, else its text) and `messages` (the
 * conversation with this turn). Rejects with the failure of the model, `context_overflow`, a limit,
 * `loop_detected`, `invalid_output`, `Parked`, or the abort's reason.
 */
export async function runAgentLoop(step: Step, inputs: AgentInputs, options: AgentOptions): Promise<Values> {
  const deadline = deadlineOf(step, options);
  try {
    const state = await begin(step, inputs, options, deadline.signal);
    const succeeded: ToolOffer[] = [];
    let repairs = 0;
    for (let index = 0; ; index++) {
      const completed = await complete(state, index);
      const { message, reason } = completed;
      state.turn.push(message);

      if (message.calls?.length) {
        // Does not wait for `stored`: events are stored in order, so a stored intent implies a stored completion.
        const done = await runCalls(state, index, message.calls);
        state.turn.push(...done.messages);
        succeeded.push(...done.succeeded);
        state.faults = done.fault ? state.faults + 1 : 0;
        // A past failure is not repeated: a retry of the node starts with a new count.
        if (done.fault && state.faults > MAX_REPAIRS && completed.past) state.faults = 0;
        if (done.fault && state.faults > MAX_REPAIRS) {
          if (message.calls.every((call) => call.name === UNREADABLE)) return giveUp(state);
          throw new PatchbayError(
            done.fault.code,
            `The tool calls of the model had errors ${state.faults} times in a row. The last error: ${done.fault.message}`,
          );
        }
        continue;
      }

      const fault = faultOf(completed, options, state);
      if (!fault) return finish(state, completed, succeeded);
      if (repairs >= MAX_REPAIRS && completed.past) repairs = -1;
      if (repairs++ >= MAX_REPAIRS) throw new PatchbayError(fault.code, fault.message);
      await completed.stored;
      if (message.content === "") state.turn.pop();
      state.turn.push({ role: "user", content: fault.correction });
      if (reason === "length" && !completed.past)
        throw new PatchbayError(
          "output_limit",
          `${state.model.name} reached its output limit before it replied. Raise ${options.outputTokens === null ? '"outputTokens" in the model\'s profile' : `the output limit of "${step.title}"`}, or ask for less.`,
        );
    }
  } finally {
    deadline.end();
  }
}

async function begin(step: Step, inputs: AgentInputs, options: AgentOptions, signal: AbortSignal): Promise<LoopState> {
  const { host, run } = step;
  const model = await host.model(options.model);
  const fileText = (file: FileRef) => host.fileText(file);
  const history = await withFileTexts(await historyOf(step, inputs), { fileText });
  const offers = await chooseTools(
    step,
    collectOffers(inputs.tools ?? [], run.settings, model),
    inputs.message,
    history,
    options.toolLimit,
  );
  const callIds = new Set<string>();
  for (const message of history)
    if (message.role === "assistant") for (const call of message.calls ?? []) callIds.add(call.id);
  return {
    step,
    options,
    instructions: (inputs.instructions ?? "").trim(),
    documents: mergeDocuments(inputs.documents ?? []),
    history,
    language: languageOf(run.settings.language, inputs.message, inputs.instructions ?? ""),
    signal,
    model,
    offers,
    format: native,
    tried: new Set(),
    turn: await withFileTexts([userMessage(inputs)], { fileText }),
    callIds,
    built: new Set(),
    lastMessages: [],
    lastTools: [],
    repeats: new Map(),
    faults: 0,
    spend: nodeBudget(step, options),
  };
}

/** The connected history; else the caller's; else that of the session, for nodes that feed the reply. */
async function historyOf(step: Step, inputs: AgentInputs): Promise<readonly Message[]> {
  if (inputs.history) return inputs.history;
  const { run } = step;
  if (run.input.history) return run.input.history;
  return run.session === undefined ? [] : step.host.history(run.session);
}

function userMessage({ message, files }: AgentInputs): Message {
  if (!files?.length) return { role: "user", content: message };
  const named = files.map((file) => `[${file.name}: artifact://${file.id}]`).join("\n");
  return {
    role: "user",
    content: [
      { type: "text", text: `${message}\n${named}`.trim() },
      ...files.map((file) => ({ type: "file" as const, file })),
    ],
  };
}

/** The fault of a text, the correction that the model gets, and the error after the last repair. */
function faultOf(
  { message, reason }: CompletedMessage,
  { schema }: AgentOptions,
  state: LoopState,
): { code: "bad_response" | "invalid_output"; correction: string; message: string } | undefined {
  const texts = words(state.language);
  if (schema) {
    const read = readStructured(message.content, schema);
    if (!("fault" in read)) return undefined;
    return {
      code: "invalid_output",
      correction: texts.badOutput(read.fault),
      message: `The reply of "${state.step.title}" does not match its schema after ${MAX_REPAIRS} repairs: ${read.fault}.`,
    };
  }
  if (message.content.trim() !== "") return undefined;
  return {
    code: "bad_response",
    correction: texts.empty,
    message: `${state.model.name} returned an empty reply ${MAX_REPAIRS + 1} times (it ended with "${reason}").`,
  };
}

function finish(state: LoopState, { message, cited }: CompletedMessage, succeeded: readonly ToolOffer[]): Values {
  const { step, options } = state;
  const text = message.content;
  // A reply with a schema is not streamed.
  if (options.schema && (step.host.listening?.() ?? true)) step.delta("text", text);
  step.setGrounding(groundingOf(state, text, cited, succeeded));
  const read = options.schema ? readStructured(text, options.schema) : wholeJson(text);
  return {
    text,
    json: read && "value" in read ? read.value : text,
    messages: [...state.history.filter((one) => one.role !== "system"), ...state.turn],
  };
}

function groundingOf(
  { documents, history }: LoopState,
  text: string,
  cited: ReadonlySet<number>,
  succeeded: readonly ToolOffer[],
): Grounding {
  const grounding: Grounding = {
    documents: [...cited]
      .sort((a, b) => a - b)
      .map((number) => ({ id: documents[number - 1]!.id, title: documents[number - 1]!.title, number })),
    tools: [...new Set(succeeded.map((tool) => tool.name))],
  };
  const acted = history.some((message) => message.role === "tool" && !message.error);
  const claim = findClaim(text, {
    acted: acted || succeeded.some((tool) => tool.effect !== "read"),
    looked: acted || succeeded.length > 0 || documents.length > 0,
  });
  if (claim !== undefined) grounding.claim = claim;
  return grounding;
}

/** Ends the loop with a sentence to the user, because the calls of the model stay unreadable. */
function giveUp(state: LoopState): Values {
  const { step } = state;
  const text = words(state.language).gaveUp;
  if (step.host.listening?.() ?? true) step.delta("text", text);
  step.setGrounding({ documents: [], tools: [] });
  return {
    text,
    json: text,
    messages: [
      ...state.history.filter((one) => one.role !== "system"),
      ...state.turn,
      { role: "assistant", content: text },
    ],
  };
}

/** The node's own time limit, as a signal. Waiting for a person does not count, and a parked node starts again from zero. */
function deadlineOf(step: Step, { budget }: AgentOptions): { signal: AbortSignal; end(): void } {
  const { seconds } = budget;
  if (seconds === undefined) return { signal: step.signal, end: () => {} };
  return step.limit(
    seconds * 1000,
    () =>
      new PatchbayError(
        "time_limit",
        `"${step.title}" reached its limit of ${seconds} seconds. Raise it in the node's settings.`,
      ),
  );
}
