/** How open models write their thoughts when their server does not take them out. */
import type { ToolCall } from "../message.ts";
import { readArguments, unreadable } from "./json.ts";
import type { Tag } from "./tag-parser.ts";

const PAIRS: readonly [open: string, close: string][] = [
  ["<think>", "</think>"],
  ["<thought>", "</thought>"],
  ["[THINK]", "[/THINK]"],
  ["<seed:think>", "</seed:think>"],
  ["<|START_THINKING|>", "<|END_THINKING|>"],
  ["◁think▷", "◁/think▷"],
];

const FINAL = "<|channel|>final<|message|>";

/** The channels of gpt-oss (OpenAI's Harmony format), from the first one on. */
const CHANNELS: readonly Tag[] = [
  { open: "<|channel|>analysis<|message|>", close: "<|end|>", kind: "reasoning" },
  { open: "<|channel|>commentary to=functions.", close: "<|call|>", kind: "call", read: readChannelCall },
  { open: "<|channel|>analysis to=functions.", close: "<|call|>", kind: "call", read: readChannelCall },
  { open: "<|start|>assistant to=functions.", close: "<|call|>", kind: "call", read: readChannelCall },
  { open: "<|channel|>commentary<|message|>", kind: "drop" },
  { open: FINAL, kind: "drop" },
  { open: "<|start|>assistant", kind: "drop" },
  { open: "<|end|>", kind: "drop" },
  { open: "<|return|>", kind: "rest" },
];

/** The same channels, by a server that leaves out the marks between their names. */
const BARE_CHANNELS: readonly Tag[] = [{ open: "assistantfinal", kind: "recall" }];

export const THINK: readonly Tag[] = [
  ...PAIRS.map(([open, close]): Tag => ({ open, close, kind: "reasoning", leading: true })),
  // Many chat templates write the opening tag themselves, so the model writes the closing one alone.
  ...PAIRS.map(([, close]): Tag => ({ open: close, kind: "recall" })),
  ...CHANNELS.filter(({ open }) => open !== FINAL && (open.startsWith("<|channel|>") || open.includes(" to="))).map(
    (tag): Tag => ({ ...tag, leading: true, next: CHANNELS }),
  ),
  ...["<|end|><|start|>assistant", "<|start|>assistant", ""].map(
    (before): Tag => ({ open: before + FINAL, kind: "recall", next: CHANNELS }),
  ),
  { open: "analysis", kind: "text", leading: true, next: BARE_CHANNELS },
];

/** `NAME <|constrain|>json<|message|>ARGUMENTS`; the name stands behind `to=functions.` */
function readChannelCall(body: string): ToolCall[] {
  const name = /^[\w.-]+/.exec(body)?.[0];
  const at = body.indexOf("<|message|>");
  if (name === undefined || at < 0) return [unreadable(body)];
  return [{ id: "", name, ...readArguments(body.slice(at + "<|message|>".length)) }];
}
