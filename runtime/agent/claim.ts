/**
 * Whether a reply claims an action that no tool call took. By patterns, in English and Chinese. It only flags, so it is
 * tuned for few false alarms; claim.test.ts counts both kinds of errors on labelled sentences.
 */

export interface Done {
  /** A tool with an effect other than `read` succeeded in this conversation. */
  acted: boolean;
  /** A tool succeeded, or passages were given. */
  looked: boolean;
}

/** The first sentence that claims an action that was not taken. Undefined without one. */
export function findClaim(text: string, done: Done): string | undefined {
  if (done.acted) return undefined;
  // Code, quotes and drafts are not claims of the model.
  const plain = text
    .slice(0, MAX_TEXT)
    .replaceAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`/g, " ")
    .replaceAll(/^\s*>.*$/gm, " ")
    .replaceAll(/"[^"\n]{0,400}"|“[^”]{0,400}”|「[^」]{0,400}」|『[^』]{0,400}』/g, " ");
  for (const sentence of plain.split(/(?<=[.!?。！？\n])\s*/)) {
    if (sentence.length < 4 || sentence.length > 500) continue;
    if (/[?？]\s*$/.test(sentence) || HYPOTHETICAL.test(sentence) || NEGATED.test(sentence) || DRAFT.test(sentence))
      continue;
    if (ACTED.some((pattern) => pattern.test(sentence))) return sentence.trim();
    if (!done.looked && LOOKED.some((pattern) => pattern.test(sentence))) return sentence.trim();
  }
  return undefined;
}

const MAX_TEXT = 20_000;

/** Verbs of actions that need a tool. */
const DO =
  "send|sent|e-?mail(?:ed)?|book(?:ed)?|reserve[d]?|schedule[d]?|order(?:ed)?(?!.{0,30} by\\b)|purchase[d]?|buy|bought|pay|paid|transfer(?:red)?|cancel(?:l?ed)?|renew(?:ed)?|post(?:ed)?|publish(?:ed)?|upload(?:ed)?|submit(?:ted)?|notif(?:y|ied)|contact(?:ed)?|forward(?:ed)?|register(?:ed)?|deploy(?:ed)?|restart(?:ed)?|refund(?:ed)?|save[d]?|unsubscribe[d]?|subscribe[d]?";
/** Verbs that also apply to texts: they count only with one of these objects. */
const MAKE =
  "creat(?:e|ed)|add(?:ed)?|delet(?:e|ed)|remov(?:e|ed)|updat(?:e|ed)|set up|opened|closed|changed|moved|filed|placed|made|called|turned (?:on|off)|set|processed";
const THINGS =
  "ticket|account|event|meeting|reminder|appointment|reservation|booking|order|calendar|invoice|files?|folder|database|records?|issue|subscription|alarm|payment|call|password|inbox|profile|repository|server|instance|request|refund|timer|lights?|heating|music|restaurant|hotel|deposit";
const LOOK =
  "search(?:ed)?|look(?:ed)? (?:it|this|that|them|up|into)|check(?:ed)?|brows(?:e|ed)|fetch(?:ed)?|quer(?:y|ied)|retriev(?:e|ed)|pull(?:ed)? up|look(?:ed)? at";
const SOURCES =
  "web|internet|online|database|calendar|inbox|e-?mails?|account|website|site|weather|forecast|news|latest|records?|system|order|status|availability|stock|prices?|documentation|files?|flights?|it up|that up|this up|them up";
const HAVE = "I(?:['’]ve| have)(?: now| just| already| successfully| also| gone ahead and)*";
const WILL =
  "(?:I(?:['’]ll| will| am going to|['’]m going to|['’]m now going to)(?: now| just| go ahead and| immediately)*|let me(?: just| quickly| now)*(?: go ahead and)?|I(?:['’]m| am)(?: now| currently)*)";

const ACTED = [
  new RegExp(`\\b${HAVE} (?:${DO})\\b`, "i"),
  new RegExp(`\\b(?:${HAVE}|I(?: just| successfully)?) (?:${MAKE})\\b.{0,40}\\b(?:${THINGS})\\b`, "i"),
  /\bI(?: just| successfully| already)? (?:sent|emailed|booked|reserved|scheduled|ordered(?!.{0,30} by\b)|purchased|bought|paid|transferred|cancell?ed|renewed|published|uploaded|submitted|notified|contacted|forwarded|registered|refunded)\b/i,
  new RegExp(
    `\\b(?:${THINGS}|e-?mail|message|flight|table|room|ticket)(?: (?:at|of|for|in|to) [^.,]{1,30})? (?:has|have) (?:now |just |already |successfully )*been (?:${DO}|${MAKE})\\b`,
    "i",
  ),
  new RegExp(`^\\W*(?:done|all set)\\b[^.!]{0,20}[.!:,–—-]+.{0,60}\\b(?:${DO}|${MAKE})\\b`, "i"),
  new RegExp(
    `\\b${WILL} (?:send|email|book|reserve|schedule|order|purchase|buy|pay|transfer|cancel|renew|publish|upload|submit|notify|contact|forward|register|sending|booking|ordering|transferring|cancelling|submitting|contacting)\\b(?! as\\b)`,
    "i",
  ),
  /(?:已|刚|成功)(?:经|刚|成功)*(?:为|帮|替|给)(?:您|你)[^，。！？没未]{0,16}?(?:发送|寄出|预订|预定|预约|下单|购买|支付|付款|转账|取消|续费|提交|发布|上传|保存|通知|联系|登记|注册|退款|创建|删除|更新|添加|安排|设置)/,
  /(?:^|[，,。！\s]|我|我们)(?:已|刚)(?:经|刚|成功)*(?:将|把)?[^，。！？没未]{0,14}?(?:发送|寄出|预订|预定|预约|下单|购买|支付|转账|取消|续费|提交|发布|上传|保存|通知|联系|登记|注册|退款|创建|删除|添加|安排)/,
  /(?:已经?|刚刚?|成功)(?:成功)?(?:为您|帮您|替您|给您|为你|帮你|替你|给你|将|把)?[^，。！？没未]{0,16}?(?:发送|寄出|预订|预定|预约|订好|下单|购买|支付|付款|转账|取消|续费|提交|发布|上传|保存|通知|联系|登记|注册|退款|创建|删除|更新|添加|安排|设置|完成(?:了)?(?:续费|预订|支付|提交|发送))(?:了|好|成功|完毕|完成|给|到|至|[，。！,.!]|$)/,
  /(?:^|[，,。！\s]|我|我们|您的|你的)[^，。！？没未能]{0,10}?已(?:经)?[^，。！？没未能]{0,12}?(?:重启|关闭|打开|开启|发给|寄给|转给|设置为|改到|改为|完成(?:了)?[。！]|订好)/,
  /(?:发送|预订|预定|预约|下单|购买|支付|转账|取消|续费|提交|发布|上传|保存|退款|创建|删除|更新)(?:成功|完毕|好了|完成了)/,
  /(?:我|已|帮您|为您|帮你|为你)[^，。！？没未]{0,10}?(?:发了|订了|订好了|买了|付了|转了|寄了|删了|约了|通知了|联系了|预约了|预订了|取消了|提交了|续费了|保存了)/,
  /(?:我(?:现在|马上|这就|会|将|来|去|先|立即|立刻)+|正在|马上|这就)(?:为您|帮您|替您|给您|为你|帮你|替你|给你)?(?:发送|预订|预定|预约|下单|购买|支付|转账|取消|续费|提交|发布|上传|通知|联系|订)(?!方法|步骤|流程)/,
];

const LOOKED = [
  new RegExp(`\\b(?:${HAVE}|I(?: just| quickly)?) (?:${LOOK})\\b.{0,40}\\b(?:${SOURCES})\\b`, "i"),
  new RegExp(
    `\\b${WILL} (?:search|look (?:that|this|it|them|up|into)|check (?:the|your|on|for|with)|browse|fetch|query|retrieve|pull up|find out|searching|looking|checking|fetching)\\b(?! that\\b)`,
    "i",
  ),
  /\b(?:please wait|one moment|just a moment|hold on|give me a (?:moment|second|minute))\b/i,
  /(?:已经?|刚刚?)(?:为您|帮您|替您|给您|为你|帮你)?[^，。！？没未]{0,6}?(?:查询|查阅|查看|搜索|检索|查到|搜到|核实)(?:了|过|到)?/,
  /(?:我(?:现在|马上|这就|会|将|来|去|先)?|正在|让我)(?:为您|帮您|替您|给您|为你|帮你|先|来)*(?:在[^，。！？]{1,8}上)?(?:查询|查一下|查一查|搜索|搜一下|检索|看一下|查找|核实)/,
  /请?(?:稍等|稍候)(?:片刻|一下)?/,
];

/** Possibilities, advice to the user, and statements of a source. */
const HYPOTHETICAL =
  /\[\d+\]|【\d+】|\baccording to\b|\b(?:may|might|perhaps|probably|seems?|looks like|assume)\b|根据|按照|可能|也许|似乎|^\W*(?:if|once|when|whenever|after|as soon as|before|to|should you|would you|you can|you could|please|for example|e\.g)\b|\b(?:if you|once you|when you|would you like|if needed|let me know|I (?:can|could|would)|you(?:'d| would) (?:like|need))\b|如果|假如|若(?!干)|倘若|只要|需要的话|是否|可以(?:帮|为|替)|要不要|能够?(?:帮|为|替)|的话|请您?(?:先|提供|告诉|确认|登录)|您可以|你可以|建议|等您|等你|之后我/i;
const NEGATED =
  /\b(?:not|cannot|can['’]t|couldn['’]t|won['’]t|unable|never|haven['’]t|hasn['’]t|isn['’]t|wasn['’]t|don['’]t|no (?:tool|way)|without)\b|n['’]t\b|不能|无法|没有|没能|未能|尚未|还没|不会|并未|做不到|不可以|不支持|没办法|未曾/i;
/** Letters and examples, which the user sends. */
const DRAFT =
  /\b(?:draft|translat(?:ion|ed)|summar(?:y|ised?|ized?))\b|草稿|翻译|译文|^\W*(?:subject|dear|hi|hello|best|regards|sincerely)\b|^\s*(?:主题|尊敬的|您好|此致|敬礼|亲爱的)/i;
