/**
 * What every action format must do, as named cases: run them with any test runner. A case throws when the format fails it.
 * `samples` say how the format writes things; the cases are the same for all.
 */
import type { ToolCall } from "../message.ts";
import type { ModelTool } from "../model.ts";
import { type Format, UNREADABLE } from "./format.ts";

export interface FormatSamples {
  /** How the model writes a call of `name` with these arguments (already as JSON); absent where calls do not come as text. */
  call?(name: string, json: string): string;
  /** How it says something to the user, where that is marked. */
  say?(text: string): string;
  /** How it thinks aloud. */
  think(text: string): string;
  /** Bits of syntax that must never reach the user. */
  syntax: readonly string[];
}

export interface Parsed {
  text: string;
  reasoning: string;
  calls: ToolCall[];
}

/** Reads a whole answer, given in these bits. */
export function parseBits(format: Format, bits: readonly string[], tools = true): Parsed {
  const parsed: Parsed = { text: "", reasoning: "", calls: [] };
  const parser = format.parser(
    (kind, text) => {
      parsed[kind] += text;
    },
    { tools },
  );
  for (const bit of bits) parser.push(bit);
  parsed.calls = parser.end();
  return parsed;
}

/** A text cut at these places (in UTF-16 units, in any order). */
export function cutAt(text: string, places: readonly number[]): string[] {
  const sorted = [...new Set(places.filter((place) => place > 0 && place < text.length))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, at) => text.slice(from, sorted[at] ?? text.length));
}

const TOOLS: ModelTool[] = [
  {
    name: "weather",
    description: "Weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
  { name: "clock", description: "The time.", parameters: { type: "object", properties: {} } },
];

export function formatContract(format: Format, samples: FormatSamples): { name: string; run(): void }[] {
  const say = samples.say ?? ((text: string) => text);
  const cases: { name: string; run(): void }[] = [];
  const add = (name: string, run: () => void) => cases.push({ name, run });
  const each = (text: string, expected: Partial<Parsed>, tools = true) => {
    const splits = [[text], [...text], ...Array.from({ length: text.length }, (_, at) => cutAt(text, [at]))];
    for (const bits of splits) {
      const parsed = parseBits(format, bits, tools);
      for (const key of Object.keys(expected) as (keyof Parsed)[]) {
        const got = JSON.stringify(parsed[key]);
        const wanted = JSON.stringify(expected[key]);
        if (got !== wanted)
          throw new Error(`${format.id}: ${key} is ${got}, not ${wanted}, of ${JSON.stringify(bits)}`);
      }
    }
  };
  const call = (name: string, args: unknown): ToolCall => ({ id: "", name, arguments: args });

  add("a plain answer is all text", () =>
    each("Hello, 世界! 2 < 3 and [1].", { text: "Hello, 世界! 2 < 3 and [1].", reasoning: "", calls: [] }),
  );
  add("an answer with thoughts shows the answer alone", () =>
    each(`${samples.think("I know this.")}\n${say("It is 4.")}`, {
      text: "It is 4.",
      reasoning: "I know this.",
      calls: [],
    }),
  );
  add("an answer may speak of thinking", () => each("Use <think> first.", { text: "Use <think> first.", calls: [] }));
  add("a text that looks like the beginning of syntax is shown when it is none", () =>
    each("a <b> c <too> <|x|> Act: on", { text: "a <b> c <too> <|x|> Act: on", calls: [] }),
  );
  add("an empty answer is empty", () => each("", { text: "", reasoning: "", calls: [] }));

  const write = samples.call;
  if (write) {
    add("one call", () =>
      each(write("weather", '{"city": "Paris"}'), { text: "", calls: [call("weather", { city: "Paris" })] }),
    );
    add("a call without arguments", () => each(write("clock", "{}"), { text: "", calls: [call("clock", {})] }));
    add("several calls, in order", () =>
      each(`${write("weather", '{"city": "Paris"}')}\n${write("clock", "{}")}`, {
        text: "",
        calls: [call("weather", { city: "Paris" }), call("clock", {})],
      }),
    );
    add("text before a call", () =>
      each(`Let me look.\n${write("clock", "{}")}`, { text: "Let me look.", calls: [call("clock", {})] }),
    );
    add("arguments in a fence", () =>
      each(write("weather", '```json\n{"city": "Paris"}\n```'), {
        text: "",
        calls: [call("weather", { city: "Paris" })],
      }),
    );
    add("arguments that hold braces, quotes and lines", () =>
      each(write("weather", '{"city": "a \\"}{\\" \\n b"}'), {
        text: "",
        calls: [call("weather", { city: 'a "}{" \n b' })],
      }),
    );
    add("arguments over several lines", () =>
      each(write("weather", '{\n  "city": "Paris"\n}'), { text: "", calls: [call("weather", { city: "Paris" })] }),
    );
    add("broken arguments are a call that says so, and nothing of it is shown", () => {
      const { text, calls } = parseBits(format, [write("weather", '{"city": "Par')]);
      if (text !== "") throw new Error(`${format.id} showed ${JSON.stringify(text)}`);
      if (
        calls.length !== 1 ||
        calls[0]!.raw === undefined ||
        (calls[0]!.name !== UNREADABLE && calls[0]!.name !== "weather")
      )
        throw new Error(`${format.id} made ${JSON.stringify(calls)} of a broken call`);
    });
    add("arguments nested 10,000 deep are broken", () => {
      const { calls } = parseBits(format, [write("weather", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`)]);
      if (calls.length !== 1 || calls[0]!.raw === undefined)
        throw new Error(`${format.id} took arguments nested 10,000 deep`);
    });
    add("arguments of 10 MB are broken, and read in linear time", () => {
      const bits = Array.from({ length: 1000 }, () => "x".repeat(10_000));
      const { calls } = parseBits(format, [write("weather", '{"city": "').replace(/"?\}?[^"]*$/, '"'), ...bits, '"}']);
      if (calls.some((one) => JSON.stringify(one).length > 10_000))
        throw new Error(`${format.id} kept 10 MB of a call`);
    });
    add("without tools a call is hidden and not run", () => each(write("clock", "{}"), { text: "", calls: [] }, false));
  }

  add("tools, calls and results are all in the prompt, and only there", () => {
    const { messages, tools } = format.write({
      system: "Be kind.",
      tools: TOOLS,
      documents: [{ id: "d", title: "Guide", text: "Paris is rainy.", score: 1 }],
      messages: [
        { role: "user", content: "Rain?" },
        { role: "assistant", content: "", calls: [{ id: "c1", name: "weather", arguments: { city: "Paris" } }] },
        { role: "tool", call: "c1", name: "weather", content: "Rain at noon" },
      ],
      question: 0,
      language: "en",
    });
    const sent = JSON.stringify({ messages, tools });
    for (const word of [
      "Be kind.",
      "weather",
      "Weather of a city.",
      "clock",
      "Paris is rainy.",
      "Rain?",
      "Rain at noon",
    ])
      if (!sent.includes(word)) throw new Error(`${format.id} lost ${JSON.stringify(word)} of ${sent}`);
    if (format.id !== "native" && (tools || messages.some((message) => message.role === "tool" || "calls" in message)))
      throw new Error(`${format.id} is plain text, but left something to the endpoint`);
  });
  add("what it writes for a call is what it reads", () => {
    const written = format
      .write({
        system: "",
        tools: [],
        documents: [],
        messages: [
          { role: "user", content: "Go" },
          { role: "assistant", content: "", calls: [{ id: "1", name: "weather", arguments: { city: '北京 "x"\n' } }] },
        ],
        question: 0,
        language: "en",
      })
      .messages.at(-1)!;
    if (format.id === "native") return;
    const content = typeof written.content === "string" ? written.content : "";
    const { calls } = parseBits(format, [content.split("<|assistant|>:").at(-1)!]);
    if (JSON.stringify(calls) !== JSON.stringify([call("weather", { city: '北京 "x"\n' })]))
      throw new Error(`${format.id} wrote ${content} and read ${JSON.stringify(calls)}`);
  });
  return cases;
}
