/**
 * The process of the local models, with one of them loaded at a time. A crash of native code or a lack of memory ends a
 * call and not the server. Its argument is the path of node-llama-cpp's module.
 */
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import type { Llama, LlamaModel, LlamaModule, LlamaSequence } from "./llama.ts";
import type { AskMessage, FromWorker, ToWorker } from "./messages.ts";

/** Without it, small models repeat themselves. */
const REPEAT_PENALTY = 1.1;

/**
 * One core is left to the server: threads of llama.cpp spin while they wait for each other, so one slow thread slows
 * all.
 */
const THREADS = Math.max(1, availableParallelism() - 1);

const send = (message: FromWorker): void => void process.send?.(message);
const loading: Promise<LlamaModule> = import(pathToFileURL(process.argv[2]!).href);
loading.catch(() => {});
const asked = new Map<number, AbortController>();
/** One call at a time: two would only share the same processor. */
let queue: Promise<void> = Promise.resolve();
let llama: Llama | undefined;
let loaded: { file: string; contextTokens: number; model: LlamaModel; sequence: LlamaSequence } | undefined;

process.on("message", (message: ToWorker) => {
  if (message.type === "cancel") {
    asked.get(message.id)?.abort();
    return;
  }
  const work = message.type === "inspect" ? () => inspect(message.id, message.file) : () => complete(message);
  if (message.type === "ask") asked.set(message.id, new AbortController());
  queue = queue.then(work).catch((error: unknown) => {
    send({ type: "failed", id: message.id, message: error instanceof Error ? error.message : String(error) });
  });
});
// The server has ended.
process.on("disconnect", () => process.exit(0));

async function inspect(id: number, file: string): Promise<void> {
  const info = await (await loading).readGgufFileInfo(file);
  send({
    type: "inspected",
    id,
    contextTokens: info.architectureMetadata?.context_length ?? 0,
    name: info.metadata?.general?.name ?? "",
  });
}

async function complete(ask: AskMessage): Promise<void> {
  const { id } = ask;
  const controller = asked.get(id)!;
  try {
    if (controller.signal.aborted) throw new Error("cancelled");
    const { LlamaChat } = await loading;
    const sequence = await load(ask);
    if (controller.signal.aborted) throw new Error("cancelled");
    const before = sequence.tokenMeter.getState();
    const grammar = ask.schema && !ask.functions ? await llama!.createGrammarForJsonSchema(ask.schema) : undefined;
    const chat = new LlamaChat({ contextSequence: sequence });
    try {
      const { functionCalls = [], metadata } = await chat.generateResponse(ask.history, {
        signal: controller.signal,
        stopOnAbortSignal: false,
        maxTokens: ask.maxTokens,
        temperature: ask.temperature,
        topP: ask.topP,
        ...(ask.thoughtTokens !== undefined && { budgets: { thoughtTokens: ask.thoughtTokens } }),
        customStopTriggers: ask.stop,
        repeatPenalty: { penalty: REPEAT_PENALTY },
        ...(ask.functions && { functions: ask.functions, documentFunctionParams: true }),
        ...(grammar !== undefined && { grammar }),
        onResponseChunk: ({ type, text }) => {
          if (text) send({ type: "text", id, kind: type === "segment" ? "reasoning" : "text", text });
        },
        onFunctionCallParamsChunk: ({ callIndex, functionName, paramsChunk }) => {
          send({ type: "call-piece", id, call: callIndex, name: functionName, text: paramsChunk });
        },
      });
      const after = sequence.tokenMeter.getState();
      send({
        type: "done",
        id,
        reason: metadata.stopReason === "maxTokens" ? "length" : "stop",
        calls: functionCalls.map(({ functionName, params }) => ({ name: functionName, params: params ?? {} })),
        inputTokens: after.usedInputTokens - before.usedInputTokens,
        outputTokens: after.usedOutputTokens - before.usedOutputTokens,
      });
    } finally {
      chat.dispose({ disposeSequence: false });
    }
  } finally {
    asked.delete(id);
  }
}

/** The model's sequence. A different model replaces the loaded one. */
async function load({ file, contextTokens }: AskMessage): Promise<LlamaSequence> {
  if (loaded?.file === file && loaded.contextTokens === contextTokens) return loaded.sequence;
  const { getLlama } = await loading;
  llama ??= await getLlama({ build: "never", logLevel: "error" });
  await loaded?.model.dispose();
  loaded = undefined;
  const model = await llama.loadModel({ modelPath: file });
  const context = await model.createContext({ contextSize: { max: contextTokens }, threads: THREADS });
  loaded = { file, contextTokens, model, sequence: context.getSequence() };
  return loaded.sequence;
}
