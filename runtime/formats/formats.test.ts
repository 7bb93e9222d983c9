import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutAt, type FormatSamples, formatContract, parsePieces } from "./contract.ts";
import type { Format } from "./format.ts";
import { hermes } from "./hermes.ts";
import { modelscope } from "./modelscope.ts";
import { native } from "./native.ts";
import { react } from "./react.ts";

const think = (text: string) => `<think>${text}</think>`;
const kinds: [Format, FormatSamples][] = [
  [native, { think, syntax: ["<tool_call>", "</tool_call>", "</think>"] }],
  [
    hermes,
    {
      think,
      call: (name, json) =>
        `<tool_call>\n${json.startsWith("```") ? json.replace("{", `{"name": "${name}", "arguments": {`).replace(/\}(?=\s*```)/, "}}") : `{"name": "${name}", "arguments": ${json}}`}\n</tool_call>`,
      syntax: ["<tool_call>", "</tool_call>", "<tool_response>", "</think>"],
    },
  ],
  [
    react,
    {
      think: (text) => `Thought: ${text}`,
      reply: (text) => `Final Answer: ${text}`,
      call: (name, json) => `Action: ${name}\nAction Input: ${json}\n`,
      syntax: [],
    },
  ],
  [
    modelscope,
    {
      think,
      call: (name, json) =>
        `<|startofthink|>${json.startsWith("```") ? json.replace("{", `{"api_name": "${name}", "parameters": {`).replace(/\}(?=\s*```)/, "}}") : `\`\`\`JSON\n{"api_name": "${name}", "parameters": ${json}}\n\`\`\``}<|endofthink|>`,
      syntax: ["<|startofthink|>", "<|endofthink|>", "<|startofexec|>", "<|user|>"],
    },
  ],
];

describe.each(kinds.map(([format, samples]) => [format.id, format, samples] as const))("%s", (_id, format, samples) => {
  for (const { name, run } of formatContract(format, samples)) it(name, run);

  it("parses the same text in any pieces, and shows no syntax (random texts)", () => {
    const word = fc.oneof(
      fc.constantFrom(
        ...samples.syntax,
        "Thought:",
        "Action:",
        "Action Input:",
        "\nObservation:",
        "Final Answer:",
        "```",
        "{",
        '"',
        "}",
        "\n",
        " ",
        "\\",
        "<",
        "|>",
        "：",
        '{"name": "clock", "arguments": {}}',
      ),
      fc.string({ maxLength: 6 }),
      fc.constant(samples.call?.("clock", "{}") ?? "x"),
    );
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 14 }),
        fc.array(fc.nat(300), { maxLength: 12 }),
        fc.boolean(),
        (words, offsets, tools) => {
          const text = words.join("");
          const whole = parsePieces(format, [text], tools);
          expect(parsePieces(format, cutAt(text, offsets), tools)).toEqual(whole);
          for (const syntax of samples.syntax) expect(whole.text).not.toContain(syntax);
          if (!tools) expect(whole.calls).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });
});
