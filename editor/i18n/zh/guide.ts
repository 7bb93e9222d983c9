import type { guide as en } from "../en/guide.ts";
import type { Words } from "../shape.ts";

export const guide: Words<typeof en> = {
  title: "指南",
  english: "指南目前只有英文版。",
  names: {
    "first-agent": "第一个智能体",
    editor: "编辑智能体",
    knowledge: "依据文档回答",
    tools: "工具",
    models: "模型",
    hosting: "发布与调用",
    triggers: "触发与通知",
    reuse: "复用",
    operate: "运行监控",
    backup: "备份与恢复",
    scale: "多台机器",
    nodes: "自定义节点",
    cli: "命令行",
    keyboard: "键盘操作",
    glossary: "术语表",
  },
};
