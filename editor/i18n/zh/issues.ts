import type { IssueCode } from "../../../runtime/issue.ts";
import type { IssueFacts } from "../issue-text.ts";

type Said = { message?: string; fix?: string };

/** Without `message` the English message is used: it contains details (a parser's message) that the facts do not. */
export const chinese: Record<IssueCode, (facts: IssueFacts) => Said> = {
  "bad-json": () => ({ message: "这不是合法的 JSON。", fix: "检查是否少了逗号、引号或括号。" }),
  "duplicate-key": ({ names }) => ({
    message: `键“${names[0] ?? ""}”在同一个对象里出现了两次。`,
    fix: "去掉其中一个。",
  }),
  "unknown-key": ({ names }) => ({
    message: `不认识的键“${names[0] ?? ""}”。`,
    fix: "去掉它，或者以 x- 开头把它作为扩展留下。",
  }),
  "bad-value": () => ({}),
  "newer-format": () => ({ message: "这个文件的格式比本版本新。", fix: "升级 Patchbay，或者从新版本导出旧格式。" }),
  "duplicate-id": ({ names }) => ({ message: `有两个节点都叫“${names[0] ?? ""}”。`, fix: "改掉其中一个的名字。" }),
  "unknown-type": ({ names }) => ({
    message: `本版本不认识节点类型“${names[0] ?? ""}”。`,
    fix: "升级 Patchbay 或换一个节点；在那之前它会原样保留。",
  }),
  "unknown-version": ({ node }) => ({
    message: `“${node}”的版本比本版本认识的新。`,
    fix: "升级 Patchbay 或换一个节点；在那之前它会原样保留。",
  }),
  "bad-config": ({ node }) => ({ message: `“${node}”有一项设置不对。`, fix: "打开这个节点，改正标出的设置。" }),
  "json-without-schema": ({ node }) => ({
    message: `“${node}”的“JSON”已连接，但没有设置回复的结构：传出的是纯文本。`,
    fix: "设置回复的结构，或改接“文本”。",
  }),
  "unknown-node": ({ names }) => ({
    message: `有一条连线指向不存在的节点“${names[0] ?? ""}”。`,
    fix: "删掉这条连线。",
  }),
  "unknown-port": ({ node, names }) => ({
    message: `“${node}”没有端口“${names[0] ?? ""}”。`,
    fix: "接到别的端口，或者删掉这条连线。",
  }),
  "kind-mismatch": ({ from, to, fromKind, toKind }) => ({
    message: `${from} 给出的是${fromKind}，而 ${to} 要的是${toKind}。`,
    fix: `接到一个要${fromKind}的输入，或者在中间加一个能给出${toKind}的节点。`,
  }),
  "too-many-edges": ({ node, port }) => ({
    message: `“${node}”的“${port}”只接一条线，现在可能同时来好几个值。`,
    fix: "只留一条，或者用路由来决定走哪一条。",
  }),
  "duplicate-edge": () => ({ message: "同一条连线有两份。", fix: "删掉其中一条。" }),
  "missing-edge": ({ node, port }) => ({ message: `“${node}”的“${port}”还没有接。`, fix: "给它接上一个输出。" }),
  cycle: () => ({ message: "连线形成了循环。", fix: "删掉其中一条。想重复做事，请用“循环”或“逐项”节点。" }),
  "no-input": () => ({ message: "智能体需要一个输入节点：消息从那里进来。", fix: "加一个输入节点。" }),
  "no-output": () => ({ message: "智能体需要一个输出节点：到达那里的就是回复。", fix: "加一个输出节点。" }),
  "too-many-inputs": () => ({ message: "只能有一个输入节点。", fix: "删掉这一个。" }),
  "too-many-outputs": () => ({ message: "只能有一个输出节点。", fix: "删掉这一个。" }),
  unreachable: ({ node }) => ({ message: `“${node}”的输出没有连到回复。`, fix: "把它接下去，或者删掉。" }),
  "too-large": () => ({ message: "图太大，或者嵌套太深。" }),
  "bad-template": badTemplate,
  "bad-body": ({ node }) => ({ message: `“${node}”的子流程有问题。`, fix: "打开它的子流程，改正那里的问题。" }),
  "missing-model": ({ node, names }) => ({
    message: `“${node}”用的模型“${names[0] ?? ""}”没有配置。`,
    fix: "换一个模型，或者到“模型”里添加。",
  }),
  "missing-tool": ({ node, names }) => ({
    message: names.length ? `“${node}”用的工具“${names[0]}”不在工具库里。` : `“${node}”还没有选工具。`,
    fix: "到“工具”里导入它，或者换一个。",
  }),
  "missing-knowledge": ({ node, names }) =>
    names.length
      ? { message: `“${node}”要找的知识库“${names[0]}”不存在。`, fix: "到“知识库”里创建它，或者换一个。" }
      : { message: `“${node}”还没有选知识库。`, fix: "选一个它要查的知识库。" },
  "missing-secret": ({ node, names, severity }) => ({
    message:
      severity === "warning"
        ? `“${node}”用的工具“${names.at(-2) ?? ""}”需要密钥“${names.at(-1) ?? ""}”，但还没有设置。`
        : `“${node}”用的密钥“${names.at(-1) ?? ""}”没有设置。`,
    fix: "到“密钥”里设置它。",
  }),
  "missing-agent": ({ node, names }) => ({
    message: names.length ? `“${node}”要调用的智能体“${names[0]}”不存在。` : `“${node}”还没有选智能体。`,
    fix: "选一个智能体或版本。",
  }),
  "demo-model": ({ node }) => ({
    message: `“${node}”用的是演示模型：还没有配置真正的模型。`,
    fix: "到“模型”里添加一个。演示模型只用来了解图如何运行。",
  }),
  "acts-unasked": ({ node, names }) => ({
    message: `“${node}”会读到别人写的内容（“${names[0] ?? ""}”），又可以不问人就调用“${names[1] ?? ""}”：藏在文字里的指令可能让它这么做。`,
    fix: `让“${names[1] ?? ""}”先问人，除非它怎么调用都不会有害。`,
  }),
};

function badTemplate({ node, names, position, severity, english }: IssueFacts): Said {
  const raw = "要原样发送花括号，请在前面写 {% raw %}，后面写 {% endraw %}。";
  const where = position ? `第 ${position.line} 行第 ${position.column} 列：` : `“${node}”的模板：`;
  const name = names[0] ?? "";
  if (severity === "warning") {
    const text = /"(.*)"(?: \(and (\d+) more\))? is not a variable/s.exec(english);
    const more = text?.[2] ? `（还有 ${text[2]} 处）` : "";
    return {
      message: `${where}“${text?.[1] ?? name}”${more}不是变量，会原样发送。`,
      fix: `如果本意如此：${raw}变量只能写成 {{名称}}、{{名称.键}} 或 {{名称 | 过滤器}}。`,
    };
  }
  if (english.includes("cannot name a variable"))
    return {
      message: `${where}“${name}”不能作变量名：名称以字母（汉字也可以）或 _ 开头，最多 64 个字符。`,
      fix: `请改名。${raw}`,
    };
  if (/ is a (?:text|list) and has no /.test(english))
    return {
      message: `${where}“${name}”是${english.includes(" is a text ") ? "文本" : "列表"}，没有“${names[1] ?? ""}”。`,
      fix: `写成 {{${name}}}，或者接上一个带有“${names[1] ?? ""}”的 JSON 值。`,
    };
  return { message: `${where}模板有语法错误。`, fix: `改正并闭合这个标签。${raw}` };
}
