/**
 * The part of node-llama-cpp's types that is used. The package is not a dependency: `patchbay models install` installs
 * it.
 */
import type { HistoryItem } from "./messages.ts";

export interface LlamaModule {
  getLlama(options: { build: "never"; logLevel: "error" }): Promise<Llama>;
  LlamaChat: new (options: { contextSequence: LlamaSequence }) => LlamaChat;
  readGgufFileInfo(path: string): Promise<{
    metadata?: { general?: { name?: string } };
    architectureMetadata?: { context_length?: number };
  }>;
}

export interface Llama {
  loadModel(options: { modelPath: string }): Promise<LlamaModel>;
  createGrammarForJsonSchema(schema: unknown): Promise<unknown>;
}

export interface LlamaModel {
  createContext(options: {
    contextSize: { max: number };
    threads: number;
  }): Promise<{ getSequence(): LlamaSequence; dispose(): Promise<void> }>;
  dispose(): Promise<void>;
}

export interface LlamaSequence {
  tokenMeter: { getState(): { usedInputTokens: number; usedOutputTokens: number } };
}

export interface LlamaChat {
  generateResponse(
    history: HistoryItem[],
    options: {
      signal: AbortSignal;
      stopOnAbortSignal: boolean;
      maxTokens?: number;
      temperature?: number;
      topP?: number;
      budgets?: { thoughtTokens: number };
      customStopTriggers?: string[];
      functions?: Record<string, { description: string; params: unknown }>;
      documentFunctionParams?: boolean;
      grammar?: unknown;
      repeatPenalty?: { penalty: number };
      onResponseChunk(chunk: { type?: "segment"; text: string }): void;
      onFunctionCallParamsChunk(chunk: { callIndex: number; functionName: string; paramsChunk: string }): void;
    },
  ): Promise<{
    functionCalls?: { functionName: string; params: unknown }[];
    metadata: { stopReason: string };
  }>;
  dispose(options: { disposeSequence: boolean }): void;
}
