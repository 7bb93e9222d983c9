import type { usage as en } from "../en/usage.ts";
import type { Words } from "../shape.ts";

export const usage: Words<typeof en> = {
  title: "用量",
  lead: "智能体运行、读写与花费的总账。日期按 UTC 计。",
  range: "时间",
  days: "{{count}} 天",
  empty: "这段时间没有用量",
  emptyLead: "问过智能体之后，这里就会开始累计。",
  openAgents: "打开智能体",
  runs: "运行",
  failed: "失败",
  failedShare: "{{share}} 失败",
  noneFailed: "无失败",
  tokens: "Token",
  tokensSplit: "输入 {{input}}，输出 {{output}}",
  cost: "费用",
  costNone: "未设价格",
  costHelp: "在“模型”中为服务填写价格。",
  toolCalls: "工具调用",
  steps_other: "{{count}} 个模型步骤",
  perDay: "每日运行",
  tokensPerDay: "每日 token",
  costPerDay: "每日费用",
  plot: "{{title}}：最高 {{max}}",
  byAgent: "按智能体",
  column: { agent: "智能体", runs: "运行", failed: "失败", tokens: "Token", calls: "工具调用", cost: "费用" },
};
