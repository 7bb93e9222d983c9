import type { versions as en } from "../en/versions.ts";
import type { Words } from "../shape.ts";

export const versions: Words<typeof en> = {
  title: "版本",
  lead: "已发布的版本不会再变。调用方用的是线上版本；可以随时换成另一个，或退回旧版。",
  empty: "还没有发布",
  emptyLead: "在编辑器里发布智能体，每次发布都会成为这里的一个版本。",
  openAgent: "在编辑器中打开",
  live: "线上",
  share: "承接 {{share}} 的调用",
  promote: "设为线上",
  rollback: "退回这一版",
  promoted: "v{{version}} 已上线",
  version: "v{{version}}",
  noNote: "没有说明",
  published: "{{when}}发布",
  fromRevision: "来自第 {{revision}} 次保存",
  hash: "图的指纹",
  export: "导出这一版",
  address: "地址",
  access: { private: "需要凭证", link: "有链接即可", public: "公开" },
  revisions: "草稿的历次保存",
  revisionsLead: "恢复其中一次会产生一次新的保存，什么都不会丢。",
  revision: "第 {{revision}} 次保存",
  current: "当前",
  restore: "恢复",
  restored: "已恢复第 {{revision}} 次保存",
};
