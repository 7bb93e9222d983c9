/** Runs the tool calls of one completion: checks and approves them, runs them in parallel, and returns mistakes to the model. */

import { approvedArguments } from "../approval.ts";
import { argumentsHash } from "../arguments-hash.ts";
import { type ErrorCode, PatchbayError } from "../error.ts";
import { UNREADABLE } from "../formats/format.ts";
import { callName } from "../formats/native.ts";
import { LEFT_OUT, SchemaError, schemaFault } from "../json-schema.ts";
import type { ToolCall, ToolMessage } from "../message.ts";
import { nearestName } from "../nearest-name.ts";
import type { ToolOffer, ToolResult } from "../tool.ts";
import { fitArguments } from "./fit-arguments.ts";
import type { LoopState } from "./loop-state.ts";
import { shapeResult, toolMessage } from "./result.ts";
import { words } from "./words.ts";

/** Further calls of one completion are not made; their results say so. */
const MAX_CALLS = 16;
/** How many of them run in parallel. */
const MAX_PARALLEL = 8;
const MAX_NAMES_LISTED = 60;

export interface CallsDone {
  messages: ToolMessage[];
  /** The first mistake, when every call is a mistake of the model. */
  fault?: { code: ErrorCode; message: string };
  /** Tools whose calls succeeded. */
  succeeded: ToolOffer[];
}

type CallCheck =
  | { run: ToolOffer; arguments: unknown; hash: string }
  | { fault: { code: ErrorCode; message: string }; offer?: ToolOffer; notMistake?: boolean };

/** Runs all calls of completion `index`. Rejects with a limit, `loop_detected`, the abort's reason, or `Parked` while a call waits for approval. */
export async function runCalls(state: LoopState, index: number, calls: readonly ToolCall[]): Promise<CallsDone> {
  const checks = calls.map((call, at) => (at < MAX_CALLS ? checkCall(state, call) : tooMany(state)));
  const results = await state.step.all(
    calls.map((call, at) => (signal: AbortSignal) => runCall(state, index, call, checks[at]!, signal)),
    MAX_PARALLEL,
  );
  const succeeded: ToolOffer[] = [];
  calls.forEach((call, at) => {
    const check = checks[at]!;
    if (!("run" in check)) return;
    const result = results[at]!;
    if (!result.error) succeeded.push(check.run);
    countRepeat(state, `${call.name} ${check.hash}`, result.content);
  });
  const mistakes = checks.map((check) => ("fault" in check && !check.notMistake ? check.fault : undefined));
  const fault = mistakes.every((mistake) => mistake !== undefined) ? mistakes[0] : undefined;
  return {
    messages: calls.map((call, at) => toolMessage({ ...call, name: callName(call) }, results[at]!)),
    succeeded,
    ...(fault ? { fault } : {}),
  };
}

function tooMany({ language }: LoopState): CallCheck {
  return { fault: { code: "tool_call_limit", message: words(language).tooMany(MAX_CALLS) }, notMistake: true };
}

/** Checks the syntax, the tool and the arguments of a call, and whether it repeats earlier ones. */
function checkCall(state: LoopState, call: ToolCall): CallCheck {
  const texts = words(state.language);
  if (call.name === UNREADABLE) return { fault: { code: "bad_json", message: texts.unreadable(call.raw ?? "") } };
  const offer = state.offers.byName.get(call.name) ?? byCanonicalName(state, call.name);
  if (!offer) {
    const names = [...state.offers.byName.keys()];
    const listed = names.length > MAX_NAMES_LISTED ? state.offers.shown.map((tool) => tool.name) : names;
    return {
      fault: {
        code: "tool_not_allowed",
        message: texts.unknownTool(call.name.slice(0, 100), nearestName(call.name, names), listed),
      },
    };
  }
  const badArguments = (message: string): CallCheck => ({ fault: { code: "bad_arguments", message }, offer });
  if (call.raw?.startsWith(LEFT_OUT))
    return badArguments(texts.badArguments(call.name, call.raw.slice(LEFT_OUT.length, -1)));
  if (call.arguments === undefined)
    return { fault: { code: "bad_json", message: texts.badJson(call.name, call.raw ?? "") }, offer };
  let given: unknown = call.arguments;
  try {
    const fault = schemaFault(offer.parameters, given);
    if (fault) {
      given = fitArguments(offer.parameters, given);
      if (given === call.arguments || schemaFault(offer.parameters, given))
        return badArguments(texts.badArguments(call.name, fault));
    }
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    return {
      fault: {
        code: "tool_failed",
        message: `${offer.name} cannot be called: its schema cannot be used (${error.message}).`,
      },
      offer,
      notMistake: true,
    };
  }
  const hash = argumentsHash(given);
  const before = state.repeats.get(`${call.name} ${hash}`);
  if (before && before.times >= 2) {
    if (before.warned)
      throw new PatchbayError(
        "loop_detected",
        `"${state.step.title}" repeats itself: the model called ${offer.name} with the same arguments again, although the result did not change. Change the instructions, or choose another model.`,
      );
    before.warned = true;
    return { fault: { code: "loop_detected", message: texts.repeated }, offer, notMistake: true };
  }
  return { run: offer, arguments: given, hash };
}

/** Accepts canonical names (`builtin/clock`), which a model may have read somewhere. */
function byCanonicalName({ offers }: LoopState, name: string): ToolOffer | undefined {
  if (!name.includes("/")) return undefined;
  for (const offer of offers.byName.values()) if (offer.name === name) return offer;
  return undefined;
}

async function runCall(
  state: LoopState,
  index: number,
  call: ToolCall,
  check: CallCheck,
  signal: AbortSignal,
): Promise<ToolResult> {
  const { step } = state;
  // Calls over the limit of one completion have no event and do not count.
  if ("fault" in check && check.fault.code === "tool_call_limit") return { content: check.fault.message, error: true };
  const past = step.past("tool-end", (event) => event.call === call.id);
  const started = step.past("tool-start", (event) => event.call.id === call.id) !== undefined;
  if (past) {
    state.spend({ toolCalls: 1 }, true);
    return past.result;
  }
  if ("fault" in check) {
    state.spend({ toolCalls: 1 }, started);
    return rejectCall(state, index, call, check, started);
  }
  const { run: tool, arguments: given, hash } = check;
  const texts = words(state.language);
  let approved: ReturnType<typeof approvedArguments> = { arguments: given };
  const stop = state.options.budget.seconds === undefined ? signal : AbortSignal.any([signal, state.signal]);
  if (tool.approve === "ask") {
    const decision = await step.wait(
      `approve:${call.id}:${hash.slice(0, 16)}`,
      {
        kind: "approval",
        question: texts.ask(tool.name),
        call: { id: call.id, tool: tool.name, arguments: given },
        argsHash: hash,
        schema: tool.parameters,
      },
      signal,
    );
    if (decision.choice !== "approve") {
      const reason = typeof decision.value === "string" ? decision.value : "";
      state.spend({ toolCalls: 1 }, started);
      return rejectCall(
        state,
        index,
        call,
        { fault: { code: "rejected", message: texts.rejected(reason) }, offer: tool },
        started,
      );
    }
    approved = approvedArguments(tool, given, decision);
    if (approved.fault) {
      state.spend({ toolCalls: 1 }, started);
      const message = texts.badArguments(call.name, approved.fault);
      return rejectCall(state, index, call, { fault: { code: "bad_arguments", message }, offer: tool }, started);
    }
  }
  state.spend({ toolCalls: 1 }, started);
  const { proposed } = approved;
  return step.callTool({ id: call.id, name: call.name, arguments: approved.arguments }, tool, {
    step: index,
    signal: stop,
    ...(proposed !== undefined && { proposed }),
    async shape(result) {
      const shaped = await shapeResult(result, tool.name, step.host);
      // The model must not take the result for that of its own arguments.
      return proposed === undefined
        ? shaped
        : { ...shaped, content: `${texts.edited(JSON.stringify(approved.arguments))}\n${shaped.content}` };
    },
  });
}

/** Emits the events of a call that is not made, like those of a failed call. */
async function rejectCall(
  { step }: LoopState,
  index: number,
  call: ToolCall,
  { fault, offer }: Extract<CallCheck, { fault: unknown }>,
  started: boolean,
): Promise<ToolResult> {
  const result: ToolResult = { content: fault.message, error: true };
  const tool = offer ? { tool: offer.name } : {};
  if (!started)
    step
      .emit({
        type: "tool-start",
        step: index,
        call,
        ...tool,
        argsHash: argumentsHash(call.arguments ?? call.raw ?? null),
        idempotencyKey: `${step.run.id}:${step.node}:${call.id}`,
      })
      .catch(() => {});
  await step.emit({
    type: "tool-end",
    step: index,
    call: call.id,
    ...tool,
    result,
    ms: 0,
    error: { code: fault.code, message: fault.message },
  });
  return result;
}

function countRepeat({ repeats }: LoopState, key: string, result: string): void {
  const before = repeats.get(key);
  if (before?.result === result) before.times++;
  else repeats.set(key, { times: 1, result, warned: before?.warned ?? false });
}
