import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withPassages } from "../../../runtime/documents.ts";
import type { Document, Message } from "../../../runtime/message.ts";
import type { ModelTool } from "../../../runtime/model.ts";
import { expressionIn, fillArguments } from "./arguments.ts";
import { demoAttempt, demoReply } from "./demo.ts";
import { sentencesOf } from "./passages.ts";

const tool = (
  name: string,
  description: string,
  properties: Record<string, unknown> = {},
  required: string[] = Object.keys(properties),
): ModelTool => ({
  name,
  description,
  parameters: { type: "object", properties, required, additionalProperties: false },
});
const KIT = [
  tool("calculator", "Calculates an arithmetic expression exactly. 计算算术表达式。", {
    expression: { type: "string", description: "For example 1 + 2" },
  }),
  tool(
    "clock",
    "The current date and time. 当前日期和时间。",
    { timezone: { type: "string", description: "IANA time zone" } },
    [],
  ),
  tool("http_get", "Reads a public web page and returns its text. 读取公开网页的内容。", {
    url: { type: "string", format: "uri" },
  }),
  tool("weather__now", "The weather in a city. 查询城市的天气。", {
    city: { type: "string", description: "Name of the city" },
  }),
  tool("files__list_directory", "Get a listing of all files and directories in a path.", { path: { type: "string" } }),
  tool("files__read_text_file", "Read the complete contents of a file as text.", { path: { type: "string" } }),
  tool("RenewInstance", "续费一台包年包月ECS实例", {
    instance_id: { type: "string", description: "ECS实例ID" },
    period: { type: "integer", description: "续费时长以月为单位" },
  }),
];

const passage = (title: string, heading: string, text: string): Document => ({
  id: heading,
  title,
  text,
  score: 1,
  source: { heading },
});
const HANDBOOK = [
  passage(
    "handbook.md",
    "Leave > Annual leave",
    "Every employee has paid annual leave. In the first year of service you have 20 days. From the second year on you have 25 days of annual leave.\n\nUnused days may be carried over until 31 March.",
  ),
  passage(
    "handbook.md",
    "Leave > Sick leave",
    "Sick leave is paid for up to six weeks. A doctor's note is needed from the fourth day on.",
  ),
  passage(
    "handbook.md",
    "Working hours",
    "You may work from home up to three days a week. Core hours are 10:00 to 15:00.",
  ),
];
const HANDBOOK_ZH = [
  passage("手册.md", "年假", "员工入职第一年享有10天带薪年假。第二年起每年享有15天年假。"),
  passage("手册.md", "报销", "报销须在30天内提交，附发票原件。单笔超过5000元须经部门经理批准。"),
];

function ask(question: string, documents: Document[] = [], tools: ModelTool[] = KIT) {
  return demoReply({
    model: "offline",
    messages: [{ role: "user", content: withPassages(documents, question) }],
    tools,
  });
}
const textOf = (answer: ReturnType<typeof demoReply>): string =>
  "text" in answer ? answer.text : JSON.stringify(answer.calls);
const callsOf = (answer: ReturnType<typeof demoReply>) =>
  "calls" in answer ? answer.calls.map(({ name, arguments: values }) => [name, values]) : [];

describe("passages", () => {
  test.each([
    [
      "How many days of leave do I have in my second year?",
      HANDBOOK,
      "From the second year on you have 25 days of annual leave [1].",
    ],
    ["When do I need a doctor's note?", HANDBOOK, "A doctor's note is needed from the fourth day on [2]."],
    ["Can I work from home?", HANDBOOK, "You may work from home up to three days a week [3]."],
    ["Until when can I carry over unused days?", HANDBOOK, "Unused days may be carried over until 31 March [1]."],
    ["第二年有几天年假？", HANDBOOK_ZH, "第二年起每年享有15天年假 [1]。"],
    ["报销要在多少天内提交？", HANDBOOK_ZH, "报销须在30天内提交，附发票原件 [2]。"],
  ])("%s", (question, documents, expected) => {
    const text = textOf(ask(question, documents));
    expect(text.split("\n\n")[0]).toBe(expected);
    expect(text).toMatch(/demo model|演示模型/);
  });

  test("what the passages do not say is not said", () => {
    expect(textOf(ask("What is the capital of France?", HANDBOOK, []))).toContain("do not answer");
    expect(textOf(ask("公司的股票代码是什么？", HANDBOOK_ZH, []))).toContain("没有回答");
  });

  test("a numbered list in the instructions counts as passages", () => {
    const system =
      "Answer from these:\n\n[1] rules.md (p. 2)\nDogs must be on a leash.\n\n[2] rules.md\nCats may roam freely.";
    const answer = demoReply({
      model: "offline",
      messages: [
        { role: "system", content: system },
        { role: "user", content: "May cats roam?" },
      ],
    });
    expect(textOf(answer)).toContain("Cats may roam freely [2].");
  });

  test("Markdown is cut into sentences, items and rows that make sense alone", () => {
    const text =
      "# Leave\n\nPaid leave:\n\n- first year: 20 days\n- later: **25 days**\n\n| Year | Days |\n|---|---|\n| 2 | 25 |\n\nSee [the form](http://x). Ask HR!";
    expect(sentencesOf(text).map((sentence) => sentence.text)).toEqual([
      "Paid leave: first year: 20 days; later: 25 days; Year: 2; Days: 25",
      "first year: 20 days",
      "later: 25 days",
      "Year: 2; Days: 25",
      "See the form.",
      "Ask HR!",
    ]);
    expect(sentencesOf(text)[1]!.heading).toBe("Leave Paid leave:");
  });
});

describe("tools", () => {
  test.each([
    ["What is 12.5 * (3 + 4)?", [["calculator", { expression: "12.5 * (3 + 4)" }]]],
    ["What is 15% of 240?", [["calculator", { expression: "15 / 100 * 240" }]]],
    ["请计算 3.5 乘以 12", [["calculator", { expression: "3.5 * 12" }]]],
    ["What time is it?", [["clock", {}]]],
    ["现在几点？", [["clock", {}]]],
    [
      "What is 17 times 23, and then what time is it in Asia/Shanghai?",
      [
        ["calculator", { expression: "17 * 23" }],
        ["clock", { timezone: "Asia/Shanghai" }],
      ],
    ],
    ["Open https://example.com/a?b=1 and tell me the title", [["http_get", { url: "https://example.com/a?b=1" }]]],
    ["What is the weather in New York?", [["weather__now", { city: "New York" }]]],
    ["杭州今天的天气怎么样？", [["weather__now", { city: "杭州" }]]],
    ["Which files are in the folder?", [["files__list_directory", { path: "." }]]],
    ["Read notes.md", [["files__read_text_file", { path: "notes.md" }]]],
    [
      "请帮我续费一台ECS实例，实例id是：i-rj90a7e840y5cde，续费时长10个月",
      [["RenewInstance", { instance_id: "i-rj90a7e840y5cde", period: 10 }]],
    ],
  ])("%s", (question, calls) => {
    expect(callsOf(ask(question))).toEqual(calls);
  });

  test("no fitting tool: none is called, none is made up, and what there is is named", () => {
    for (const question of ["Write me a poem about the sea", "Book me a flight to Rome", "给我讲个笑话"]) {
      const answer = ask(question);
      expect(callsOf(answer)).toEqual([]);
      expect(textOf(answer)).toContain("calculator");
    }
  });

  test("with neither tools nor passages it says who it speaks for and what it was asked", () => {
    const answer = (system: string, content: string) =>
      textOf(
        demoReply({
          model: "offline",
          messages: [
            { role: "system", content: system },
            { role: "user", content },
          ],
        }),
      );
    const text = answer("You are the billing desk. Never promise a refund.", "I was charged twice.");
    expect(text).toMatch(/^This is the billing desk\. I received: “I was charged twice\.”/);
    expect(text).not.toContain("promise");
    expect(answer("你是技术支持台，最多给三步。", "登录时提示错误")).toMatch(
      /^这里是“技术支持台”。我收到了：“登录时提示错误”/,
    );
  });

  test.each([
    ["What is your name?", "“What is your name?”"],
    ["你叫什么名字？", "“你叫什么名字？”"],
  ])("the note of an earlier reply is not repeated: %s", (question, quoted) => {
    const answer = (content: string, more: Message[] = []) =>
      textOf(demoReply({ model: "offline", messages: [{ role: "user", content }, ...more] }));
    const first = answer(question);
    const notes = (text: string) => text.match(/demo model|演示模型/g);
    expect(notes(first)).toHaveLength(1);
    expect(notes(answer(`Review this:\n${first}`))).toHaveLength(1);
    expect(answer(`${first}`)).toContain(quoted);
    expect(notes(answer("Ask it.", [{ role: "tool", call: "c", name: "agent__other", content: first }]))).toHaveLength(
      1,
    );
  });

  test("after the results it tells them, failures too, and calls nothing again", () => {
    const messages: Message[] = [
      { role: "user", content: "What is 2 + 2?" },
      {
        role: "assistant",
        content: "",
        calls: [{ id: "demo1", name: "calculator", arguments: { expression: "2 + 2" } }],
      },
      { role: "tool", call: "demo1", name: "calculator", content: "4" },
      { role: "tool", call: "demo2", name: "http_get", content: "The address is blocked.", error: true },
    ];
    const text = textOf(demoReply({ model: "offline", messages, tools: KIT }));
    expect(text).toContain("calculator answers: 4");
    expect(text).toContain("http_get did not succeed: The address is blocked.");
  });

  test("call ids are new in every turn of a conversation", () => {
    const messages: Message[] = [
      { role: "user", content: "2+2?" },
      { role: "assistant", content: "", calls: [{ id: "demo1", name: "calculator", arguments: {} }] },
      { role: "tool", call: "demo1", name: "calculator", content: "4" },
      { role: "assistant", content: "4" },
      { role: "user", content: "And 3 + 3?" },
    ];
    const answer = demoReply({ model: "offline", messages, tools: KIT });
    expect("calls" in answer && answer.calls[0]!.id).toBe("demo2");
  });

  test("a passage that answers comes before a tool that only shares words", () => {
    const answer = ask("How many days of leave do I have in my second year?", HANDBOOK);
    expect(callsOf(answer)).toEqual([]);
  });
});

describe("schemas", () => {
  const schema = {
    type: "object",
    properties: { case: { type: "string", enum: ["refund", "shipping", "else"] } },
    required: ["case"],
  };
  const system =
    "Sort:\n- refund: the user wants money back 退款\n- shipping: where a parcel is, delivery 快递\n- else: none";
  test.each([
    ["I want my money back", "refund"],
    ["Where is my parcel?", "shipping"],
    ["我想退款", "refund"],
    ["Tell me a joke", "else"],
  ])("%s is %s", (question, expected) => {
    const answer = demoReply({
      model: "offline",
      schema,
      messages: [
        { role: "system", content: system },
        { role: "user", content: question },
      ],
    });
    expect(JSON.parse(textOf(answer))).toEqual({ case: expected });
  });
});

test("arithmetic in words and signs", () => {
  expect(expressionIn("How much is 1,200 divided by 4?")).toBe("1200 / 4");
  expect(expressionIn("the square root of 144 please")).toBe("sqrt(144)");
  expect(expressionIn("(12+8)*3 等于多少？")).toBe("(12+8)*3");
  expect(expressionIn("I have 3 cats and 2 dogs.")).toBeUndefined();
  expect(expressionIn("on 2026-11-24")).toBe("2026-11-24");
});

test("a required argument that the message does not hold leaves the tool out", () => {
  expect(fillArguments(KIT[2]!.parameters, "open the page", "")).toBeUndefined();
  expect(
    fillArguments({ properties: { n: { type: "integer" } }, required: ["n"] }, "no number here", ""),
  ).toBeUndefined();
});

test("any message and any tool: it answers, the same each time, and ends", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "grapheme" }),
      fc.array(
        fc.record({
          name: fc.string({ minLength: 1 }),
          description: fc.string(),
          parameters: fc.dictionary(fc.string(), fc.jsonValue()),
        }),
        { maxLength: 4 },
      ),
      async (question, tools) => {
        const request = { model: "offline", messages: [{ role: "user" as const, content: question }], tools };
        expect(demoReply(request)).toEqual(demoReply(request));
      },
    ),
    { numRuns: 300 },
  );
});

test("it streams in small pieces and stops at once when cancelled", async () => {
  const cancel = new AbortController();
  const pieces: string[] = [];
  const sink = {
    text(piece: string) {
      pieces.push(piece);
      if (pieces.length === 3) cancel.abort();
    },
    reasoning() {},
    recall() {},
    callPiece() {},
    call() {},
  };
  const outcome = await demoAttempt({ model: "offline", messages: [{ role: "user", content: "hello" }] })(
    sink,
    cancel.signal,
  );
  expect(pieces).toHaveLength(3);
  expect(outcome).toMatchObject({ failure: { error: { code: "cancelled" } } });
});
