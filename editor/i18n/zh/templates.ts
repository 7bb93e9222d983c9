import type { templates as en } from "../en/templates.ts";
import type { Words } from "../shape.ts";

export const templates: Words<typeof en> = {
  title: "模板",
  lead: "可以直接运行的图。画布上有说明，拆开来改成你自己的。",
  search: "搜索模板",
  readyNow: "马上能用",
  needsServer: "需要你批准",
  needsFolder: "需要选一个文件夹",
  brings_other: "自带 {{count}} 篇文档",
  use: "使用“{{title}}”",
  opening: "正在准备",
  steps: {
    of: "第 {{step}} 步，共 {{total}} 步",
    folder: "选择文件夹",
    folderLead: "智能体只能看到这个文件夹，看不到本机的其他内容。",
    folderLabel: "文件夹",
    folderHelp: "运行 Patchbay 的机器上的完整路径。",
    folderBad: "请写完整路径，以 / 或盘符开头。",
    approve: "批准程序",
    next: "继续",
    later: "先打开，以后再说",
  },
};
