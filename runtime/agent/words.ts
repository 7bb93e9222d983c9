/** Texts of the loop: errors for the model, questions and last words for the user. */
import type { Language } from "../language.ts";

const EN = {
  unreadable: (raw: string) =>
    `Your tool call could not be read: ${excerpt(raw)}\nWrite it again as one complete JSON object in the required format, or answer without a tool.`,
  badJson: (name: string, raw: string) =>
    `The arguments of ${name} are not valid JSON: ${excerpt(raw)}\nSend the call again with one JSON object.`,
  unknownTool: (name: string, near: string | undefined, tools: readonly string[]) =>
    tools.length === 0
      ? `There is no tool "${name}". You have no tools: answer without one, and say plainly what you cannot do.`
      : `There is no tool "${name}".${near ? ` Did you mean "${near}"?` : ""} The tools are: ${tools.join(", ")}.`,
  badArguments: (name: string, fault: string) =>
    `The arguments of ${name} do not fit: ${fault}. Send the call again with correct arguments.`,
  tooMany: (most: number) => `Only ${most} calls are run at once. This one was not made; ask for it again.`,
  repeated: "You made the same call twice before and got the same result. Use the result, or do something else.",
  rejected: (reason: string) =>
    `A person did not allow this call.${reason ? ` They said: ${reason}` : ""} Do not make it again; go on without it or ask the user.`,
  edited: (given: string) => `A person changed the arguments before the call. It was made with: ${given}`,
  empty: "Your answer was empty. Answer the user now.",
  badOutput: (fault: string) =>
    `Your answer does not match the JSON Schema: ${fault}. Answer again with the JSON value alone.`,
  gaveUp:
    "I am sorry, I could not finish this: the model's tool calls could not be read. Please try again, or ask in another way.",
  ask: (tool: string) => `May ${tool} be called with these arguments?`,
};

const ZH: typeof EN = {
  unreadable: (raw) =>
    `无法读取你的工具调用：${excerpt(raw)}\n请按照规定的格式，用一个完整的 JSON 对象重新写出，或者不用工具直接回答。`,
  badJson: (name, raw) => `${name} 的参数不是有效的 JSON：${excerpt(raw)}\n请用一个 JSON 对象重新发送该调用。`,
  unknownTool: (name, near, tools) =>
    tools.length === 0
      ? `没有名为“${name}”的工具。你没有任何工具：请直接回答，并说明做不到的事。`
      : `没有名为“${name}”的工具。${near ? `是不是指“${near}”？` : ""}可用的工具有：${tools.join("、")}。`,
  badArguments: (name, fault) => `${name} 的参数不符合要求：${fault}。请修正后重新发送该调用。`,
  tooMany: (most) => `一次最多执行 ${most} 个调用。此调用未执行，请重新提出。`,
  repeated: "你已经两次发出完全相同的调用，得到的结果也完全相同。请使用该结果，或者换一种做法。",
  rejected: (reason) =>
    `有人拒绝了此调用。${reason ? `理由：${reason}` : ""}请不要再次发出；请继续处理其他部分，或询问用户。`,
  edited: (given) => `有人在调用前修改了参数，实际使用的参数是：${given}`,
  empty: "你的回答是空的。请现在回答用户。",
  badOutput: (fault) => `你的回答不符合 JSON Schema：${fault}。请只用 JSON 值重新回答。`,
  gaveUp: "抱歉，我没能完成：模型的工具调用无法读取。请再试一次，或者换一种问法。",
  ask: (tool) => `是否允许用这些参数调用 ${tool}？`,
};

export function words(language: Language): typeof EN {
  return language === "zh" ? ZH : EN;
}

function excerpt(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`;
}
