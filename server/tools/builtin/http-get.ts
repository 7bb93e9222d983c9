import { z } from "zod";
import { PatchbayError } from "../../../runtime/error.ts";
import { htmlToMarkdown } from "../../lib/html-markdown.ts";
import { defineTool } from "./builtin.ts";

/** Its effect is `outside`, because a URL can carry data of the conversation. */
export const httpGet = defineTool({
  name: "http_get",
  summary: "Reads a public web page or JSON address and returns its text. 读取公开网页或JSON地址的内容。",
  args: z.strictObject({
    url: z.string().max(4000).describe("An absolute http or https address."),
    raw: z.boolean().optional().describe("Give HTML as it is instead of its readable text."),
  }),
  effect: "outside",
  run: async ({ url, raw }, { fetch, signal }) => {
    const answer = await fetch(
      { method: "GET", url, headers: { accept: "text/html, application/json, text/*;q=0.9, */*;q=0.1" } },
      signal,
    );
    const type = (answer.headers["content-type"] ?? "").toLowerCase();
    if (answer.status >= 400)
      return { content: `HTTP ${answer.status} from ${url}: ${answer.body.slice(0, 500)}`, error: true };
    if (type && !/text|json|xml|javascript|yaml|csv/.test(type))
      throw new PatchbayError("tool_failed", `${url} is ${type.split(";")[0]}, which has no text to read.`);
    const body = type.includes("html") && !raw ? readable(answer.body) : answer.body;
    return { content: answer.truncated ? `${body}\n[cut: the page is larger than what is read]` : body };
  },
});

/** The title, then the page as Markdown. */
function readable(html: string): string {
  const { title, text } = htmlToMarkdown(html);
  return title === undefined ? text : `${title}\n\n${text}`;
}
