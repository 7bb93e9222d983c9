/** Example calls of a published agent. */
import type { Sender } from "../../server/contract/trigger.ts";

export type SnippetKind = "curl" | "openai" | "python" | "mcp";

export interface Called {
  slug: string;
  /** Absolute URLs of `runs`, `openai` and `mcp`. */
  urls: Record<string, string>;
  /** Absent: a placeholder is used. */
  key?: string;
  message: string;
}

export function snippet(kind: SnippetKind, { slug, urls, key = "pb_YOUR_KEY", message }: Called): string {
  switch (kind) {
    case "curl":
      return [
        `curl ${urls.runs} \\`,
        `  -H "Authorization: Bearer ${key}" \\`,
        '  -H "Content-Type: application/json" \\',
        `  -d ${shellQuote(JSON.stringify({ input: { message } }))}`,
      ].join("\n");
    case "openai":
      return [
        'import OpenAI from "openai";',
        "",
        `const client = new OpenAI({ baseURL: ${JSON.stringify(urls.openai)}, apiKey: ${JSON.stringify(key)} });`,
        "const stream = await client.chat.completions.create({",
        `  model: ${JSON.stringify(slug)},`,
        `  messages: [{ role: "user", content: ${JSON.stringify(message)} }],`,
        "  stream: true,",
        "});",
        'for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");',
      ].join("\n");
    case "python":
      return [
        "from openai import OpenAI",
        "",
        `client = OpenAI(base_url=${JSON.stringify(urls.openai)}, api_key=${JSON.stringify(key)})`,
        "answer = client.chat.completions.create(",
        `    model=${JSON.stringify(slug)},`,
        `    messages=[{"role": "user", "content": ${JSON.stringify(message)}}],`,
        ")",
        "print(answer.choices[0].message.content)",
      ].join("\n");
    case "mcp":
      return JSON.stringify(
        { mcpServers: { [slug]: { url: urls.mcp, headers: { Authorization: `Bearer ${key}` } } } },
        null,
        2,
      );
  }
}

/** The HTML that embeds the chat into a page. `chat`: the URL of the chat page, with its key if it has one. */
export function embedLine(embed: string, slug: string, chat: string): string {
  const key = new URL(chat).searchParams.get("key");
  return `<script src="${embed}" data-agent="${slug}"${key ? ` data-key="${key}"` : ""} async></script>`;
}

/** A text as one word of a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Sends a webhook message as its sender would, from a POSIX shell with openssl and curl. */
export function hookCommand(url: string, secret: string, body: string, sender: Sender = "standard"): string {
  const set = `BODY=${shellQuote(body)}; SECRET=${shellQuote(secret)}`;
  const post = `curl ${shellQuote(url)} -d "$BODY" -H "Content-Type: application/json"`;
  const hex = (text: string) =>
    `$(printf %s "${text}" | openssl dgst -sha256 -mac HMAC -macopt "key:$SECRET" -r | cut -d' ' -f1)`;
  switch (sender) {
    case "standard":
      return [
        set,
        "ID=msg_$(date +%s)_$$; TIME=$(date +%s)",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
        "KEY=$(printf %s \"${SECRET#whsec_}\" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')",
        'SIGNATURE=$(printf %s "$ID.$TIME.$BODY" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$KEY -binary | openssl base64 -A)',
        `${post} \\`,
        '  -H "webhook-id: $ID" -H "webhook-timestamp: $TIME" -H "webhook-signature: v1,$SIGNATURE"',
      ].join("\n");
    case "github":
      return `${set}\n${post} \\\n  -H "X-GitHub-Event: issues" -H "X-Hub-Signature-256: sha256=${hex("$BODY")}"`;
    case "stripe":
      return `${set}; TIME=$(date +%s)\n${post} \\\n  -H "Stripe-Signature: t=$TIME,v1=${hex("$TIME.$BODY")}"`;
    case "slack":
      return `${set}; TIME=$(date +%s)\n${post} \\\n  -H "X-Slack-Request-Timestamp: $TIME" -H "X-Slack-Signature: v0=${hex("v0:$TIME:$BODY")}"`;
    case "telegram":
      return `${set}\n${post} \\\n  -H "X-Telegram-Bot-Api-Secret-Token: $SECRET"`;
    case "token":
      return `${set}\n${post} \\\n  -H "Authorization: Bearer $SECRET"`;
    case "none":
      return `BODY=${shellQuote(body)}\n${post}`;
  }
}
