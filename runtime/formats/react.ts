/** ReAct: Thought, Action, Action Input, Observation, Final Answer, each at the beginning of a line (ms-swift's `react_en`). */
import type { Message, ToolCall } from "../message.ts";
import type { ModelTool } from "../model.ts";
import { type CompletionParser, type Emit, type Format, UNREADABLE } from "./format.ts";
import { MAX_CALL_CHARACTERS, readArguments, spacedJson, unreadable } from "./json.ts";
import { mergeResults } from "./merge-results.ts";
import { callName, insertPassages } from "./native.ts";
import { TrimmedOutput } from "./trimmed-output.ts";

export const react: Format = {
  id: "react",
  stop: ["Observation:"],
  write(parts) {
    const asked = [...parts.messages];
    insertPassages(asked, parts);
    const messages = mergeResults(asked, writeCalls, (results) =>
      results.map(({ content }) => `Observation: ${content}`).join("\n"),
    );
    const tools = toolsText(parts.tools);
    const question = messages.findLastIndex(
      (message) => message.role === "user" && typeof message.content === "string" && asked.includes(message),
    );
    if (tools && question >= 0)
      messages[question] = { role: "user", content: `Question: ${messages[question]!.content as string}` };
    const system = [parts.system, tools].filter(Boolean).join("\n\n");
    if (system) messages.unshift({ role: "system", content: system });
    return { messages };
  },
  toolsText,
  parser: (emit, options) => new ReactParser(emit, options),
};

function toolsText(tools: readonly ModelTool[]): string {
  if (tools.length === 0) return "";
  const list = tools.map(
    ({ name, description, parameters }, index) =>
      `${index + 1}. ${name}: Call this tool to interact with the ${name} API. What is the ${name} API useful for? ${description}${/[.。]$/.test(description) ? "" : "."} Parameters: ${spacedJson(parameters)}`,
  );
  return `Answer the following questions as best you can. You have access to the following APIs:
${list.join("\n\n")}

Use the following format:

Question: the input question you must answer
Thought: you should always think about what to do
Action: the action to take, should be one of [${tools.map((tool) => tool.name).join(", ")}]
Action Input: the input to the action
Observation: the result of the action
... (this Thought/Action/Action Input/Observation can be repeated zero or more times)
Thought: I now know the final answer
Final Answer: the final answer to the original input question

Begin!`;
}

function writeCalls(message: Extract<Message, { role: "assistant" }>): string {
  const calls = message.calls!.map((call: ToolCall) =>
    call.name === UNREADABLE
      ? (call.raw ?? "")
      : `Action: ${callName(call)}\nAction Input: ${call.arguments === undefined ? call.raw : spacedJson(call.arguments)}`,
  );
  return [message.content && `Thought: ${message.content}`, ...calls].filter(Boolean).join("\n");
}

type Section = "text" | "thought" | "action" | "input" | "final" | "rest";
const MARKS: readonly [string, Section][] = [
  ["Thought:", "thought"],
  ["Action:", "action"],
  ["Action Input:", "input"],
  ["Observation:", "rest"],
  ["Final Answer:", "final"],
  ["Question:", "rest"],
];
/** Actions by which models say that they call no tool. */
const NO_ACTION = /^(?:none|n\/a|no action|无|无需)?[.。]?$/i;

class ReactParser implements CompletionParser {
  readonly #output: TrimmedOutput;
  readonly #hasTools: boolean;
  readonly #calls: ToolCall[] = [];
  #section: Section = "text";
  /** The beginning of a line that may still become a mark. */
  #line = "";
  /** The line has no mark, or its mark was read: the rest of the line is passed on as it arrives. */
  #decided = false;
  /** The text of an action or its input. */
  #body = "";
  #thoughts = "";
  /** The name of an action without input so far. */
  #action: string | undefined;

  constructor(emit: Emit, options: { tools: boolean }) {
    this.#output = new TrimmedOutput(emit);
    this.#hasTools = options.tools;
  }

  push(text: string): void {
    let from = 0;
    while (from < text.length && this.#section !== "rest") {
      const newline = text.indexOf("\n", from);
      const end = newline < 0 ? text.length : newline + 1;
      this.#take(text.slice(from, end));
      if (newline >= 0) this.#endLine();
      from = end;
    }
  }

  end(): ToolCall[] {
    this.#endLine();
    this.#enter("rest");
    // A completion that is only a thought is the text.
    if (!this.#output.shown && this.#calls.length === 0 && this.#thoughts.trim() !== "")
      this.#output.push("text", this.#thoughts);
    return this.#calls;
  }

  #take(part: string): void {
    if (this.#decided) {
      this.#pass(part);
      return;
    }
    this.#line += part;
    const rest = this.#line.trimStart().replaceAll("：", ":");
    // Nothing follows the final answer, so its lines may begin with any mark.
    const marks = this.#section === "final" ? MARKS.filter(([, section]) => section === "rest") : MARKS;
    const mark = marks.find(([word]) => rest.startsWith(word));
    if (mark) {
      const remainder = this.#line.trimStart().slice(mark[0].length);
      this.#line = "";
      this.#decided = true;
      this.#enter(mark[1]);
      this.#pass(remainder);
    } else if (rest.includes("\n") || !marks.some(([word]) => word.startsWith(rest))) this.#passLine();
  }

  #endLine(): void {
    if (!this.#decided) this.#passLine();
    this.#decided = false;
  }

  #passLine(): void {
    const line = this.#line;
    this.#line = "";
    this.#decided = true;
    this.#pass(line);
  }

  #pass(text: string): void {
    if (this.#section === "text" || this.#section === "final") this.#output.push("text", text);
    else if (this.#section === "thought") {
      this.#thoughts += text;
      this.#output.push("reasoning", text);
    } else if (this.#section !== "rest" && this.#body.length <= MAX_CALL_CHARACTERS) this.#body += text;
  }

  #enter(section: Section): void {
    if (this.#section === "action") this.#action = this.#body.trim().replaceAll(/^[`*"']+|[`*"']+$/g, "");
    else if (this.#section === "input") this.#call(this.#body);
    if (section !== "input" && this.#action !== undefined) this.#call("");
    // Nothing counts after an observation that the model invented: the state `rest` does not end.
    this.#section = section;
    this.#body = "";
  }

  #call(input: string): void {
    const name = this.#action;
    this.#action = undefined;
    if (!this.#hasTools || (name !== undefined && NO_ACTION.test(name))) return;
    if (name === undefined) this.#calls.push(unreadable(`Action Input: ${input}`));
    else this.#calls.push({ id: "", name, ...readArguments(input) });
  }
}
