import type { bodies as en } from "../en/bodies.ts";
import type { Words } from "../shape.ts";

export const bodies: Words<typeof en> = {
  build: "搭建内层图",
  open: "打开内层图",
  openAgent: "打开这个智能体",
  badBody: "这个内层图无法画出来。请在下面修改 JSON，或重新开始。",
  startAgain: "重新开始",
  nodes_other: "{{count}} 个节点",
  back: "返回“{{name}}”",
  about: { map: "对每一项做什么", loop: "每一轮做什么" },
  aboutHelp: {
    map: "每一项运行一次。输入把这一项作为消息；下面的名字声明后成为端口。到达输出的就是这一项的结果。",
    loop: "一轮接一轮地运行。输入把上一轮的结果作为消息；下面的名字声明后成为端口。到达输出的就是这一轮的结果。",
  },
  names: "它能拿到的值",
  ofHolder: "“{{name}}”的设置",
  item: "第 {{number}} 项",
  turn: "第 {{number}} 轮",
  chooseItem: "选择卡片显示哪一次",
  latest: "最需要看的一次",
  noItems: "这里还没有运行过。",
  status: { running: "运行中", waiting: "等人答复", done: "完成", failed: "失败" },
  progressOf: "{{done}} / {{total}}",
  progress_other: "完成 {{count}}",
  failed_other: "失败 {{count}}",
  onlyWhole: "只有智能体自己的图能分段运行、固定输出。内层图随它所在的节点一起运行。",
  look: "查看并答复",
  noBody: "先选一个逐项或循环节点",
};
