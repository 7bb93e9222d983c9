/**
 * The contract of an action format, as named cases for any test runner. A case throws when the format fails it.
 * `samples` show how the format writes calls and text; the cases are the same for all formats.
 */
import type { ToolCall } from "../message.ts";
import type { ModelTool } from "../model.ts";
import { type Format, UNREADABLE } from "./format.ts";

export interface FormatSamples {
  /** A call of `name` with these arguments (as JSON). Absent when calls are not text. */
  call?(name: string, json: string): string;
  /** Text for the user, for formats that mark it. */
  reply?(text: string): string;
  /** Reasoning. */
  think(text: string): string;
  /** Syntax that must never reach the user. */
  syntax: readonly string[];
}

export interface Parsed {
  text: string;
  reasoning: string;
  calls: ToolCall[];
}

/** Parses a completion that arrives in these pieces. */
export function parsePieces(format: Format, pieces: readonly string[], tools = true): Parsed {
  const parsed: Parsed = { text: "", reasoning: "", calls: [] };
  const parser = format.parser(
    (kind, text) => {
      if (kind === "recall") {
        parsed.reasoning += parsed.text;
        parsed.text = "";
      } else parsed[kind] += text;
    },
    { tools },
  );
  for (const piece of pieces) parser.push(piece);
  parsed.calls = parser.end();
  return parsed;
}

/** The pieces of a text cut at these offsets (UTF-16 units, in any order). */
export function cutAt(text: string, offsets: readonly number[]): string[] {
  const sorted = [...new Set(offsets.filter((offset) => offset > 0 && offset < text.length))].sort((a, b) => a - b);
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
  const reply = samples.reply ?? ((text: string) => text);
  const cases: { name: string; run(): void }[] = [];
  const add = (name: string, run: () => void) => cases.push({ name, run });
  const each = (text: string, expected: Partial<Parsed>, tools = true) => {
    const splits = [[text], [...text], ...Array.from({ length: text.length }, (_, at) => cutAt(text, [at]))];
    for (const pieces of splits) {
      const parsed = parsePieces(format, pieces, tools);
      for (const key of Object.keys(expected) as (keyof Parsed)[]) {
        const got = JSON.stringify(parsed[key]);
        const wanted = JSON.stringify(expected[key]);
        if (got !== wanted)
          throw new Error(`${format.id}: ${key} is ${got}, not ${wanted}, of ${JSON.stringify(pieces)}`);
      }
    }
  };
  const call = (name: string, args: unknown): ToolCall => ({ id: "", name, arguments: args });

  add("a completion without syntax is all text", () =>
    each("Hello, 世界! 2 < 3 and [1].", { text: "Hello, 世界! 2 < 3 and [1].", reasoning: "", calls: [] }),
  );
  add("reasoning is not part of the text", () =>
    each(`${samples.think("I know this.")}\n${reply("It is 4.")}`, {
      text: "It is 4.",
      reasoning: "I know this.",
      calls: [],
    }),
  );
  add("the text may mention a tag", () => each("Use <think> first.", { text: "Use <think> first.", calls: [] }));
  add("a text that only begins like syntax is shown", () =>
    each("a <b> c <too> <|x|> Act: on", { text: "a <b> c <too> <|x|> Act: on", calls: [] }),
  );
  add("an empty completion is empty", () => each("", { text: "", reasoning: "", calls: [] }));

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
    add("broken arguments are an unreadable call, and none of it is shown", () => {
      const { text, calls } = parsePieces(format, [write("weather", '{"city": "Par')]);
      if (text !== "") throw new Error(`${format.id} showed ${JSON.stringify(text)}`);
      if (
        calls.length !== 1 ||
        calls[0]!.raw === undefined ||
        (calls[0]!.name !== UNREADABLE && calls[0]!.name !== "weather")
      )
        throw new Error(`${format.id} made ${JSON.stringify(calls)} of a broken call`);
    });
    add("arguments nested 10,000 deep are broken", () => {
      const { calls } = parsePieces(format, [write("weather", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`)]);
      if (calls.length !== 1 || calls[0]!.raw === undefined)
        throw new Error(`${format.id} took arguments nested 10,000 deep`);
    });
    add("arguments of 10 MB are broken, and read in linear time", () => {
      const pieces = Array.from({ length: 1000 }, () => "x".repeat(10_000));
      const { calls } = parsePieces(format, [
        write("weather", '{"city": "').replace(/"?\}?[^"]*$/, '"'),
        ...pieces,
        '"}',
      ]);
      if (calls.some((one) => JSON.stringify(one).length > 10_000))
        throw new Error(`${format.id} kept 10 MB of a call`);
    });
    add("without tools a call is hidden and left out", () =>
      each(write("clock", "{}"), { text: "", calls: [] }, false),
    );
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
  add("a written call is parsed back unchanged", () => {
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
    const { calls } = parsePieces(format, [content.split("<|assistant|>:").at(-1)!]);
    if (JSON.stringify(calls) !== JSON.stringify([call("weather", { city: '北京 "x"\n' })]))
      throw new Error(`${format.id} wrote ${content} and read ${JSON.stringify(calls)}`);
  });
  return cases;
}
