import type { shell as en } from "../en/shell.ts";
import type { Words } from "../shape.ts";

export const shell: Words<typeof en> = {
  product: "Patchbay",
  main: "主导航",
  agents: "智能体",
  templates: "模板",
  knowledge: "知识库",
  tools: "工具",
  models: "模型",
  runs: "运行",
  usage: "用量",
  settings: "设置",
  fold: "收起菜单",
  unfold: "展开菜单",
  theme: "外观",
  themeSystem: "跟随系统",
  themeLight: "浅色",
  themeDark: "深色",
  language: "语言",
  themeAndLanguage: "外观与语言",
  contrastMore: "更高对比度",
  english: "English",
  chinese: "中文",
  dropTitle: "松开即可导入",
  dropHint: "智能体文件（*.agent.json）会成为新的智能体。",
};
