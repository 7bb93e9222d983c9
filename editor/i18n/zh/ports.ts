import type { Kind } from "../../../runtime/port.ts";

export const KIND_WORDS: Record<Kind, string> = {
  text: "文本",
  json: "JSON",
  messages: "消息",
  documents: "文档",
  files: "文件",
  tools: "工具",
  any: "任意",
};

/** Ports that every node type can have. */
export const PORT_WORDS: Record<string, string> = { error: "错误" };
