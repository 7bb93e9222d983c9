/**
 * The cases of ModelScope-Agent's paper (arXiv 2309.00986, figures 3 and 6 to 9) in both languages: single step, several
 * steps, several turns that reuse a parameter, a knowledge question, an API that no model was trained on, and no fitting
 * tool. Each is played in every action format: the model's side is scripted, all else is the real loop.
 */

import { describe, expect, it } from "vitest";
import { nodes } from "../nodes/index.ts";
import type { Message } from "./message.ts";
import type { ActionFormat } from "./model.ts";
import { graphOf, type Played, play } from "./testing/play.ts";
import type { Script, ScriptedAnswer } from "./testing/scripted-host.ts";
import { turnMessages } from "./turn-messages.ts";

type Tool = NonNullable<Script["tools"]>[number];
type Say = { text?: string; calls?: { name: string; arguments: Record<string, unknown> }[] };

const text = (description: string) => ({ type: "string", description });
const tool = (
  name: string,
  summary: string,
  properties: Record<string, unknown>,
  call: (args: Record<string, string>) => ReturnType<NonNullable<Tool["call"]>>,
): Tool => ({
  name,
  summary,
  parameters: { type: "object", properties, required: Object.keys(properties), additionalProperties: false },
  effect: "read",
  call: (args) => call(args as Record<string, string>),
});
const media = (kind: string, mediaType: string) => (args: Record<string, string>) => ({
  content: `${kind}: ${Object.values(args)[0]!.slice(0, 20)}`,
  files: [{ id: `${kind}-1`, mediaType, name: `${kind}.${mediaType.split("/")[1]}`, bytes: 9 }],
});

const tools: Tool[] = [
  tool(
    "http/text-translation-zh2en",
    "根据输入指令，将相应的中文文本翻译成英文回复",
    { input: text("中文文本") },
    () => "The weather is fine today.",
  ),
  tool(
    "http/speech-generation",
    "文本转语音服务，可配置男声/女声 (text to speech)",
    { input: text("text"), gender: { type: "string", enum: ["man", "woman"] } },
    media("speech", "audio/wav"),
  ),
  tool("http/video-generation", "视频生成服务 (text to video)", { text: text("text") }, media("video", "video/mp4")),
  tool("http/image-generation", "图像生成服务 (text to image)", { text: text("text") }, media("image", "image/png")),
  tool(
    "openapi/ecs/RenewInstance",
    "续费一台包年包月ECS实例 (renews an ECS instance)",
    { instance_id: text("ECS实例ID"), period: text("续费时长以月为单位") },
    (args) => `{"result": "已完成ECS实例ID为${args.instance_id}的续费，续费时长${args.period}月"}`,
  ),
];
const modelNamesOf: Record<string, string> = { RenewInstance: "ecs__RenewInstance" };

/** What the model says, written in a format. */
function written(say: Say, format: ActionFormat): ScriptedAnswer {
  const calls = say.calls?.map((call) => ({ ...call, name: modelNamesOf[call.name] ?? call.name }));
  const split = (whole: string) => whole.match(/[\s\S]{1,3}/g) ?? [];
  if (format === "native" || !calls) {
    const final = format === "react" && !calls ? `Thought: ok\nFinal Answer: ${say.text}` : (say.text ?? "");
    return { text: final, split, ...(calls ? { calls } : {}) };
  }
  const parts = calls.map((call) => {
    const json = JSON.stringify(call.arguments);
    if (format === "hermes") return `<tool_call>\n{"name": "${call.name}", "arguments": ${json}}\n</tool_call>`;
    if (format === "react") return `Action: ${call.name}\nAction Input: ${json}`;
    return `<|startofthink|>\`\`\`JSON\n{"api_name": "${call.name}", "parameters": ${json}}\n\`\`\`<|endofthink|>`;
  });
  return { text: [say.text, ...parts].filter(Boolean).join("\n"), split };
}

const graph = graphOf(
  {
    ask: "input",
    facts: ["retriever", { knowledge: "docs" }],
    kit: ["tool", { tools: ["http/*", "openapi/*"] }],
    brain: ["llm", { toolLimit: 20 }],
    reply: "output",
  },
  [
    "ask.message facts.query",
    "ask.message brain.message",
    "facts.documents brain.documents",
    "kit.tools brain.tools",
    "brain.text reply.reply",
  ],
);

async function turn(
  format: ActionFormat,
  message: string,
  says: Say[],
  history: Message[] = [],
  knowledge: Script["knowledge"] = {},
): Promise<Played & { sent: (index: number) => string; next: Message[] }> {
  const played = await play(
    graph,
    nodes,
    {
      models: { "local/model": { nativeTools: format === "native", format } },
      tools,
      knowledge: { docs: [], ...knowledge },
      history: { s: history },
      answers: says.map((say) => written(say, format)),
    },
    { input: message, start: { session: "s" } },
  );
  expect(played.outcome.status).toBe("done");
  // What a reader of the stream has at the end; an offset of 0 begins a new message.
  const read = played.host.deltas
    .filter((delta) => delta.kind === "text")
    .reduce((before, delta) => before.slice(0, delta.offset) + delta.text, "");
  expect(read).toBe(played.outcome.output?.reply);
  return {
    ...played,
    sent: (index) => JSON.stringify(played.host.requests[index]),
    next: [...history, ...turnMessages(played.events)],
  };
}

const groundingOf = (played: Played) => played.of("node-end").find((event) => event.node === "brain")!.grounding!;

describe.each<ActionFormat>(["native", "hermes", "react", "modelscope"])("%s", (format) => {
  it.each([
    ["zh", "使用翻译模型，把“今天天气很好”翻译成英文", "翻译结果：The weather is fine today."],
    ["en", 'Translate "今天天气很好" into English', "It says: The weather is fine today."],
  ])("single step (%s)", async (_language, message, reply) => {
    const played = await turn(format, message, [
      { calls: [{ name: "text-translation-zh2en", arguments: { input: "今天天气很好" } }] },
      { text: reply },
    ]);
    expect(played.outcome.output?.reply).toBe(reply);
    expect(played.host.calls).toMatchObject([
      { tool: "http/text-translation-zh2en", arguments: { input: "今天天气很好" } },
    ]);
    expect(played.sent(1)).toContain("The weather is fine today.");
    expect(groundingOf(played).tools).toEqual(["http/text-translation-zh2en"]);
  });

  it.each([
    [
      "zh",
      "写一篇20字的Vision Pro虚拟现实眼镜的宣传文案，并用女声读出来，再生成一段视频",
      "戴上它，世界触手可及，未来就在眼前。",
      "文案、语音和视频都已生成。",
    ],
    [
      "en",
      "Write a line of copy for VR glasses, read it in a woman's voice, and make a video of it",
      "Put it on and touch the world.",
      "Here are the copy, the speech and the video.",
    ],
  ])("several steps: copy, then speech, then video (%s)", async (_language, message, copy, reply) => {
    const played = await turn(format, message, [
      { text: copy, calls: [{ name: "speech-generation", arguments: { input: copy, gender: "woman" } }] },
      { calls: [{ name: "video-generation", arguments: { text: copy } }] },
      { text: reply },
    ]);
    expect(played.host.calls.map((call) => call.tool)).toEqual(["http/speech-generation", "http/video-generation"]);
    expect(played.sent(2)).toContain(copy);
    expect(played.sent(2)).toContain("artifact://speech-1");
    expect(played.sent(2)).toContain("artifact://video-1");
    expect(played.of("tool-end").flatMap((event) => event.result.files?.map((file) => file.mediaType) ?? [])).toEqual([
      "audio/wav",
      "video/mp4",
    ]);
  });

  it.each([
    [
      "zh",
      ["写一个小猫的短故事", "用女声把它读出来", "再给它画一张图"],
      "从前有一只小猫，它爱在月光下散步。",
      ["已用女声读出。", "图已画好。"],
    ],
    [
      "en",
      ["Write a short story about a cat", "Read it in a woman's voice", "Now draw a picture for it"],
      "Once a cat loved to walk by moonlight.",
      ["Here it is, in a woman's voice.", "Here is the picture."],
    ],
  ])("several turns that reuse what came before (%s)", async (_language, messages, story, replies) => {
    const first = await turn(format, messages[0]!, [{ text: story }]);
    const second = await turn(
      format,
      messages[1]!,
      [{ calls: [{ name: "speech-generation", arguments: { input: story, gender: "woman" } }] }, { text: replies[0]! }],
      first.next,
    );
    expect(second.sent(0)).toContain(story);
    const third = await turn(
      format,
      messages[2]!,
      [{ calls: [{ name: "image-generation", arguments: { text: story } }] }, { text: replies[1]! }],
      second.next,
    );
    expect(third.sent(0)).toContain(story);
    // The call and its result are remembered, so the model need not pretend to recall them.
    expect(third.sent(0)).toContain("artifact://speech-1");
    expect(third.next.filter((message) => message.role === "tool")).toHaveLength(2);
  });

  it.each([
    ["zh", "如何在魔搭上传模型？", "创建仓库后用 git push 上传[1]。"],
    ["en", "How do I upload a model?", "Create a repository, then git push [1]."],
  ])("a knowledge question is answered from the passages, with its source (%s)", async (_language, message, reply) => {
    const knowledge = {
      docs: [
        {
          id: "d1",
          title: "upload.md",
          text: "先创建仓库，再用 git push 上传模型。 Create a repository, then push.",
          score: 1,
        },
      ],
    };
    const played = await turn(format, message, [{ text: `${reply}[3]` }], [], knowledge);
    expect(played.outcome.output?.reply).toBe(reply);
    expect(played.sent(0)).toContain("先创建仓库");
    expect(groundingOf(played)).toEqual({ documents: [{ id: "d1", title: "upload.md", number: 1 }], tools: [] });
    expect(played.host.calls).toEqual([]);
  });

  it.each([
    ["zh", "请帮我续费一台ECS实例，实例id是：i-rj90a7e840y5cde，续费时长10个月", "已完成续费，时长10个月。"],
    [
      "en",
      "Please renew the ECS instance i-rj90a7e840y5cde for 10 months",
      "I have renewed the instance for 10 months.",
    ],
  ])("an API that no model was trained on (%s)", async (_language, message, reply) => {
    const played = await turn(format, message, [
      { calls: [{ name: "RenewInstance", arguments: { instance_id: "i-rj90a7e840y5cde", period: "10" } }] },
      { text: reply },
    ]);
    expect(played.sent(0)).toContain("续费一台包年包月ECS实例");
    expect(played.sent(1)).toContain("已完成ECS实例ID为i-rj90a7e840y5cde的续费，续费时长10月");
    expect(groundingOf(played).tools).toEqual(["openapi/ecs/RenewInstance"]);
  });

  it.each([
    ["zh", "帮我订一张明天去上海的机票", "抱歉，我没有订票的工具，做不到。", "已为您预订明天去上海的机票。"],
    [
      "en",
      "Book me a flight to Shanghai for tomorrow",
      "I am sorry, I have no tool to book flights.",
      "I have booked your flight to Shanghai.",
    ],
  ])(
    "no fitting tool: nothing is made up, and what is made up is caught (%s)",
    async (language, message, honest, false_) => {
      const invented: Say = { calls: [{ name: "book_flight", arguments: { to: "Shanghai" } }] };
      const played = await turn(format, message, [invented, { text: honest }]);
      expect(played.host.calls).toEqual([]);
      expect(played.sent(1)).toContain(
        language === "zh" ? "没有名为“book_flight”的工具" : 'There is no tool \\"book_flight\\"',
      );
      expect(played.sent(1)).toContain("video-generation");
      expect(groundingOf(played)).toEqual({ documents: [], tools: [] });
      const lying = await turn(format, message, [invented, { text: false_ }]);
      expect(groundingOf(lying).claim).toBe(false_);
    },
  );
});
