/** The sign-in page: one self-contained HTML file, in English and Chinese, light and dark. */
import { createHash } from "node:crypto";

type Language = "en" | "zh";

const WORDS = {
  en: {
    title: "Sign in to Patchbay",
    lead: "Enter the admin token. Or run this command where Patchbay is installed to get a new sign-in link:",
    label: "Admin token",
    where: "It is in the file admin-token in the data folder, or in the variable PATCHBAY_TOKEN.",
    button: "Sign in",
    wrong: "Wrong admin token.",
    usedCode: "This sign-in link has been used or has expired. Run the command below to get a new one.",
    offline: "The server is not responding. Check that Patchbay is running.",
    other: "中文",
  },
  zh: {
    title: "登录 Patchbay",
    lead: "请输入管理员令牌，或在安装 Patchbay 的机器上运行下面的命令，获取新的登录链接：",
    label: "管理员令牌",
    where: "令牌保存在数据目录的 admin-token 文件中，或环境变量 PATCHBAY_TOKEN 中。",
    button: "登录",
    wrong: "管理员令牌错误。",
    usedCode: "此登录链接已被使用，或已超过十分钟。请用下面的命令获取新链接。",
    offline: "服务器没有响应，请确认 Patchbay 正在运行。",
    other: "English",
  },
} satisfies Record<Language, Record<string, string>>;

const STYLE = `
:root{color-scheme:light dark;--paper:#f7f6f3;--surface:#fff;--line:#e4e1da;--line-strong:#d3cfc6;--ink:#1d1b17;--ink-2:#5b574f;--accent:#3b5bdb;--bad:#c92a2a}
@media(prefers-color-scheme:dark){:root{--paper:#17161a;--surface:#201f24;--line:#34323a;--line-strong:#45424c;--ink:#f1efea;--ink-2:#b4b0a8;--accent:#7c9aff;--bad:#ff8787}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px;background:var(--paper);color:var(--ink);font:13px/1.45 "Inter Variable",Inter,system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
main{width:min(26rem,100%);background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:26px;box-shadow:0 1px 2px #0000000d,0 12px 32px #0000000f}
svg{display:block;margin-bottom:18px}
h1{margin:0 0 8px;font-size:18px;line-height:1.3;letter-spacing:-.01em}
p{margin:0 0 14px;color:var(--ink-2)}
code{display:block;padding:10px 12px;margin:0 0 20px;background:var(--paper);border-radius:8px;font:12px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--ink);user-select:all}
label{display:block;font-weight:600;margin-bottom:6px}
input{width:100%;height:36px;padding:0 12px;border:1px solid var(--line-strong);border-radius:8px;background:var(--surface);color:inherit;font:inherit}
input:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
small{display:block;margin:6px 0 18px;color:var(--ink-2)}
button{width:100%;height:36px;border:0;border-radius:8px;background:var(--ink);color:var(--surface);font:inherit;font-weight:600;cursor:pointer}
button:disabled{opacity:.6;cursor:default}
[role=alert]{color:var(--bad);margin:0 0 14px}
[role=alert]:empty{display:none}
footer{margin-top:18px;text-align:center}
a{color:var(--ink-2)}`;

/** Posts the token as JSON and reloads the page. Texts are in data attributes. */
const SCRIPT = `
const form=document.querySelector("form"),alertBox=document.querySelector("[role=alert]"),button=form.querySelector("button");
form.addEventListener("submit",async(event)=>{
event.preventDefault();button.disabled=true;alertBox.textContent="";
try{
const response=await fetch("/sign-in",{method:"POST",headers:{"content-type":"application/json"},body:JSON.stringify({token:form.token.value})});
if(response.ok){const to=new URL(location.href);to.searchParams.delete("code");to.searchParams.delete("lang");if(to.pathname==="/sign-in")to.pathname="/";location.replace(to.pathname+to.search+to.hash);return}
alertBox.textContent=response.status===401?form.dataset.wrong:(await response.json()).error.message;
}catch{alertBox.textContent=form.dataset.offline}
button.disabled=false;form.token.select();
});`;

const sha = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const POLICY = `default-src 'none'; style-src ${sha(STYLE)}; script-src ${sha(SCRIPT)}; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The page as a response. `usedCode`: the request had a used or expired code. */
export function signInPage(options: { acceptLanguage?: string; lang?: string; usedCode?: boolean }): Response {
  const language: Language =
    options.lang === "zh" || options.lang === "en"
      ? options.lang
      : /^\s*zh\b/i.test(options.acceptLanguage ?? "")
        ? "zh"
        : "en";
  const words = WORDS[language];
  const html = `<!doctype html>
<html lang="${language === "zh" ? "zh-CN" : "en"}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">
<title>${words.title}</title>
<style>${STYLE}</style>
<main>
<svg width="32" height="32" viewBox="0 0 24 24" aria-hidden="true"><rect width="24" height="24" rx="6" fill="var(--ink)"/><path d="M8 8.2c5 0 3 7.6 8 7.6" fill="none" stroke="var(--surface)" stroke-width="1.6" stroke-linecap="round"/><circle cx="8" cy="8.2" r="2.6" fill="var(--surface)"/><circle cx="16" cy="15.8" r="2.6" fill="var(--surface)"/></svg>
<h1>${words.title}</h1>
<p>${words.lead}</p>
<code>npx patchbay login</code>
<p role="alert">${options.usedCode ? words.usedCode : ""}</p>
<form data-wrong="${words.wrong}" data-offline="${words.offline}">
<label for="token">${words.label}</label>
<input id="token" name="token" type="password" autocomplete="current-password" spellcheck="false" autofocus required>
<small>${words.where}</small>
<button>${words.button}</button>
</form>
<footer><a href="?lang=${language === "zh" ? "en" : "zh"}">${words.other}</a></footer>
</main>
<script>${SCRIPT}</script>
</html>`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}
