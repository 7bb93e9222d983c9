/** Terms of a text for the demo's comparisons: index terms, plus the concepts of a small Chinese–English lexicon. */
import { queryTerms, terms } from "../../../runtime/retrieval/terms.ts";

/** Each row holds words of one meaning in both languages. */
const LEXICON: string[][] = [
  ["时间", "几点", "日期", "今天", "现在", "星期", "time", "date", "today", "clock", "now", "weekday"],
  [
    "计算",
    "算",
    "加",
    "减",
    "乘",
    "除",
    "calculate",
    "compute",
    "arithmetic",
    "math",
    "sum",
    "plus",
    "minus",
    "times",
    "divided",
  ],
  ["天气", "气温", "weather", "temperature", "forecast"],
  ["翻译", "translate", "translation"],
  ["文件", "file", "files"],
  ["目录", "文件夹", "folder", "directory", "directories"],
  ["读", "读取", "打开", "内容", "read", "open", "show", "contents"],
  ["列出", "有哪些", "list", "which"],
  ["搜索", "查找", "查询", "找", "search", "find", "look"],
  ["网页", "网址", "网站", "page", "web", "url", "site"],
  ["图片", "图像", "画", "image", "picture", "draw"],
  ["语音", "朗读", "speech", "voice", "audio"],
  ["视频", "video"],
  ["地址", "address"],
  ["地图", "路线", "map", "route"],
  ["人名", "实体", "entity", "entities", "names"],
  ["总结", "摘要", "summary", "summarize", "summarise"],
  ["续费", "renew", "renewal", "extend"],
  ["价格", "费用", "price", "cost", "fee"],
  ["股票", "stock", "share"],
  ["汇率", "exchange", "currency", "convert"],
  ["字数", "长度", "count", "length", "words"],
  ["回声", "重复", "echo", "repeat"],
  ["记忆", "记住", "memory", "remember", "graph"],
];

/** The concept of each term of the lexicon. */
const CONCEPTS = new Map<string, string>();
LEXICON.forEach((row, place) => {
  for (const word of row)
    for (const term of terms(word)) if (term.length > 1 || row[0] === word) CONCEPTS.set(term, `concept-${place}`);
});

/** The terms of a text, and the concepts that both languages share. */
export function termSet(text: string): Set<string> {
  return withConcepts(terms(text));
}

/** The same for a question, without stop words. */
export function questionTerms(text: string): Set<string> {
  return withConcepts(queryTerms(text));
}

/** The terms of a question, each with its concept. */
export function questionUnits(text: string): string[][] {
  return queryTerms(text).map((term) => {
    const concept = CONCEPTS.get(term);
    return concept ? [term, concept] : [term];
  });
}

/** Splits an identifier such as `read_text_file` or `readTextFile` into words. */
export function identifierWords(name: string): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, "$1 $2").replaceAll(/[_\-./]+/g, " ");
}

export function isChinese(text: string): boolean {
  return /\p{Script=Han}/u.test(text);
}

function withConcepts(list: string[]): Set<string> {
  const set = new Set(list);
  for (const term of list) {
    const concept = CONCEPTS.get(term);
    if (concept) set.add(concept);
  }
  return set;
}
