import type { guide as en } from "../en/guide.ts";
import type { Words } from "../shape.ts";

export const guide: Words<typeof en> = {
  title: "指南",
  english: "指南目前只有英文版。",
  names: {
    "first-agent": "第一个智能体",
    editor: "编辑智能体",
    knowledge: "依据文档回复",
    tools: "工具",
    models: "模型",
    hosting: "发布并调用智能体",
    triggers: "触发与通知",
    reuse: "复用智能体和模板",
    deploy: "作为服务运行与升级",
    operate: "监控：日志、指标、追踪",
    backup: "备份、恢复与迁移",
    scale: "在多台机器上运行",
    nodes: "自定义节点",
    cli: "命令行",
    keyboard: "用键盘操作编辑器",
    glossary: "术语表",
  },
};
