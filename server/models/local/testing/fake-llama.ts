/**
 * A fake node-llama-cpp for tests: the same functions with completions by rule. The process, the messages and the files
 * around it are real. Words in the question choose what happens: `crash` ends the process, `slow` emits text until it
 * is cancelled, `tool` calls the first function.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LLAMA_VERSION } from "../runtime.ts";

const MODULE = `
export async function readGgufFileInfo(path) {
  if (path.includes("broken")) throw new Error("no tensors");
  return { metadata: { general: { name: "Stand-in" } }, architectureMetadata: { context_length: 4096 } };
}
export async function getLlama() {
  return {
    createGrammarForJsonSchema: async (schema) => ({ schema }),
    loadModel: async ({ modelPath }) => ({
      createContext: async ({ contextSize }) => ({
        getSequence: () => ({ modelPath, size: contextSize.max, tokenMeter: { used: 0, getState() { this.used += 5; return { usedInputTokens: this.used, usedOutputTokens: this.used }; } } }),
      }),
      dispose: async () => {},
    }),
  };
}
export class LlamaChat {
  constructor({ contextSequence }) { this.sequence = contextSequence; }
  dispose() {}
  async generateResponse(history, { signal, grammar, functions, onResponseChunk, onFunctionCallParamsChunk, maxTokens }) {
    const last = history.at(-1);
    const text = last.type === "user" ? last.text : "";
    if (text.includes("crash")) process.exit(7);
    if (text.includes("slow")) {
      for (;;) {
        onResponseChunk({ text: "word " });
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (signal.aborted) throw signal.reason;
      }
    }
    if (text.includes("tool") && functions) {
      const name = Object.keys(functions)[0];
      onFunctionCallParamsChunk({ callIndex: 0, functionName: name, paramsChunk: '{"city":' });
      onFunctionCallParamsChunk({ callIndex: 0, functionName: name, paramsChunk: '"Rome"}' });
      return { functionCalls: [{ functionName: name, params: { city: "Rome" } }], metadata: { stopReason: "functionCalls" } };
    }
    onResponseChunk({ type: "segment", text: "hm" });
    onResponseChunk({ text: grammar ? JSON.stringify(grammar.schema) : JSON.stringify(history) });
    return { metadata: { stopReason: maxTokens === 1 ? "maxTokens" : "eogToken" } };
  }
}
`;

/** Writes the fake into `<folder>/runtime`, where `installRuntime` installs the real package. */
export function installFakeLlama(folder: string): void {
  const place = join(folder, "runtime", "node_modules", "node-llama-cpp");
  mkdirSync(join(place, "dist"), { recursive: true });
  writeFileSync(
    join(place, "package.json"),
    JSON.stringify({ name: "node-llama-cpp", version: LLAMA_VERSION, type: "module" }),
  );
  writeFileSync(join(place, "dist", "index.js"), MODULE);
}
