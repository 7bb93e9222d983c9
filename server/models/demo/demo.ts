/**
 * `demo/offline`: a model made of rules. The same request always gives the same reply, and no request is sent. It shows
 * what a graph does before a real model is configured: it chooses among the offered tools, fills their arguments from
 * the message, quotes the best sentences of the given passages, and says that it is a demo.
 */
import type { Message } from "../../../runtime/message.ts";
import { messageText } from "../../../runtime/message.ts";
import type { ChatRequest, ModelProfile } from "../../../runtime/model.ts";
import type { Attempt, Sink } from "../attempt.ts";
import { cancelled } from "../failure.ts";
import { usageOf } from "../usage.ts";
import { valueBySchema } from "./by-schema.ts";
import { chooseTools } from "./choose-tool.ts";
import { bestQuotes, passagesIn, type Quote } from "./passages.ts";
import { isChinese } from "./terms.ts";

export const DEMO_PROFILE: ModelProfile = {
  nativeTools: true,
  format: "native",
  contextTokens: 32_768,
  outputTokens: 4_096,
  structured: true,
  vision: false,
  prices: { input: 0, output: 0 },
};

const MAX_RESULT_CHARS = 1_200;

export function demoAttempt(request: ChatRequest): Attempt {
  return async (sink, signal) => {
    const reply = demoReply(request);
    const written = "calls" in reply ? JSON.stringify(reply.calls) : reply.text;
    if ("text" in reply) {
      for (const piece of pieces(reply.text)) {
        if (signal.aborted) break;
        sink.text(piece);
        // Yields to the consumer, so that the reply is streamed and can be cancelled.
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    } else for (const call of reply.calls) emitCall(call, sink);
    const usage = usageOf(request, written, undefined, undefined);
    if (signal.aborted) return { failure: cancelled(), usage };
    return { reason: "calls" in reply ? "tools" : "stop", usage };
  };
}

type DemoReply = { text: string } | { calls: { id: string; name: string; arguments: Record<string, unknown> }[] };

/** Pure. */
export function demoReply(request: ChatRequest): DemoReply {
  const { messages } = request;
  const lastUser = messages.findLastIndex((message) => message.role === "user");
  const user = lastUser < 0 ? "" : textOf(messages[lastUser]!);
  const system = messages.filter((message) => message.role === "system").map(textOf);
  const { passages, question } = passagesIn(user, system);
  const chinese = answersInChinese(question, system);
  if (request.schema) return { text: JSON.stringify(valueBySchema(request.schema, question, system.join("\n"))) };

  const results = messages.slice(lastUser + 1).filter((message) => message.role === "tool");
  const quotes = bestQuotes(passages, question);
  if (results.length) return { text: withDemoNote(describeResults(results, quotes, chinese), chinese) };

  const choices = chooseTools(request.tools ?? [], question);
  // A passage that answers the question is preferred to a tool that only shares words with it.
  const tools = choices.filter((choice) => choice.isSure || !quotes.length || choice.score > 2 * quotes[0]!.score + 1);
  if (tools.length) {
    const made = messages.filter((message) => message.role === "tool").length;
    return {
      calls: tools.map(({ tool, arguments: values }, place) => ({
        id: `demo${made + place + 1}`,
        name: tool.name,
        arguments: values,
      })),
    };
  }
  if (quotes.length) return { text: withDemoNote(formatQuotes(quotes), chinese) };
  return { text: withDemoNote(fallbackText(request, question, system, passages.length > 0, chinese), chinese) };
}

function answersInChinese(question: string, system: string[]): boolean {
  if (system.some((text) => /Answer in Chinese\.|请用中文回答/.test(text))) return true;
  if (system.some((text) => /Answer in English\.|请用英文回答/.test(text))) return false;
  return isChinese(question);
}

function formatQuotes(quotes: Quote[]): string {
  return quotes
    .map(({ sentence, number }) => {
      const stop = /[.!?。！？]$/.exec(sentence)?.[0];
      const body = stop ? sentence.slice(0, -1) : sentence;
      return isChinese(sentence) ? `${body} [${number}]${stop ?? "。"}` : `${body} [${number}]${stop ?? "."}`;
    })
    .join(quotes.some((quote) => isChinese(quote.sentence)) ? "" : " ");
}

type ToolMessage = Extract<Message, { role: "tool" }>;

function describeResults(results: ToolMessage[], quotes: Quote[], chinese: boolean): string {
  const parts = results.map((result) => {
    const content = formatContent(textOf(result), chinese);
    if (result.error)
      return chinese
        ? `工具 ${result.name} 没有成功：${content}`
        : `The tool ${result.name} did not succeed: ${content}`;
    const short = content.length <= 200 && !content.includes("\n");
    if (chinese) return short ? `${result.name} 的结果是：${content}` : `${result.name} 的结果：\n\n${content}`;
    return short ? `${result.name} answers: ${content}` : `Here is what ${result.name} gave:\n\n${content}`;
  });
  if (quotes.length) parts.push(formatQuotes(quotes));
  return parts.join("\n\n");
}

/** Formats JSON; cuts a long text and says so. */
function formatContent(content: string, chinese: boolean): string {
  let text = content.trim();
  if (/^[[{]/.test(text)) {
    try {
      text = `\`\`\`json\n${JSON.stringify(JSON.parse(text), null, 2)}\n\`\`\``;
    } catch {
      // Not JSON: used as it is.
    }
  }
  if (text.length <= MAX_RESULT_CHARS) return text || (chinese ? "（空）" : "(nothing)");
  const more = text.length - MAX_RESULT_CHARS;
  const fence = text.startsWith("```") ? "\n```" : "";
  return `${text.slice(0, MAX_RESULT_CHARS)}${fence}\n${chinese ? `…（另有 ${more} 个字符）` : `… (${more} more characters)`}`;
}

function fallbackText(
  request: ChatRequest,
  question: string,
  system: string[],
  hadPassages: boolean,
  chinese: boolean,
): string {
  const names = (request.tools ?? []).map((tool) => tool.name);
  const listed = names.slice(0, 8).join(chinese ? "、" : ", ") + (names.length > 8 ? "…" : "");
  if (hadPassages) {
    return chinese ? "给出的资料没有回答这个问题。" : "The passages I was given do not answer this question.";
  }
  const greeting =
    /^\s*(hi|hello|hey|good (morning|afternoon|evening)|你好|您好|嗨|早上好|晚上好)\b|^\s*(你好|您好)/i.test(question);
  const hello = greeting ? (chinese ? "你好！" : "Hello! ") : "";
  if (names.length) {
    return chinese
      ? `${hello}我没有找到适合这句话的工具。我可以使用：${listed}。`
      : `${hello}None of my tools fits this. I can use: ${listed}.`;
  }
  const role = roleIn(system);
  return chinese
    ? `${hello}${role ? `这里是“${role}”。` : ""}我收到了：“${excerpt(question)}”。这里没有可用的工具或资料，无法回答。`
    : `${hello}${role ? `This is the ${role}. ` : ""}I received: “${excerpt(question)}”. There are no tools or passages here to answer from.`;
}

/**
 * The role in the instructions ("You are the billing desk."), so that a graph of several agents shows which one
 * replied.
 */
function roleIn(system: string[]): string | undefined {
  const text = system.join("\n");
  return (/\bYou are (?:the|an?) ([^.,;:\n“”]{2,60})/.exec(text) ??
    /你是(?:一名|一个|一位)?([^。，,；：\n“”]{2,40})/.exec(text))?.[1]?.trim();
}

function excerpt(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}

/** The last paragraph of each reply. It is removed from what the model reads, so a chain of nodes does not repeat it. */
const NOTES = {
  en: "\n\n*(This reply comes from the demo model. Add a real model under Models.)*",
  zh: "\n\n*（这是演示模型的回复。可在“模型”页面添加真实模型。）*",
};

function withDemoNote(text: string, chinese: boolean): string {
  return text + (chinese ? NOTES.zh : NOTES.en);
}

function textOf(message: Message): string {
  return messageText(message).replaceAll(NOTES.en, "").replaceAll(NOTES.zh, "");
}

function emitCall(call: { id: string; name: string; arguments: Record<string, unknown> }, sink: Sink): void {
  sink.callPiece(call.id, call.name, JSON.stringify(call.arguments));
  sink.call(call);
}

/** Words with their trailing space; Chinese in pieces of two characters. */
function pieces(text: string): string[] {
  return text.match(/[\u3000-\u9fff]{1,2}|[^\s\u3000-\u9fff]+\s*|\s+/gu) ?? [];
}
