import { z } from "zod";
import { PatchbayError } from "../runtime/error.ts";
import type { HttpResponse, SecretHeader } from "../runtime/host.ts";
import {
  bodyKind,
  defaultContentType,
  type Filler,
  fillBody,
  fillUrl,
  urlTemplateFault,
} from "../runtime/http-request.ts";
import { defineNode, type NodeIssue, type Values } from "../runtime/node.ts";
import { previewText } from "../runtime/preview.ts";
import { fillTemplate, renderTemplate, templateIssues, templateNames, valueText } from "../runtime/template.ts";

const config = z.strictObject({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]).default("GET"),
  url: z.string().max(8000).default(""),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "A header name has letters, digits and hyphens."),
      z.union([
        z.string().max(8000),
        z.strictObject({ secret: z.string().min(1), prefix: z.string().max(100).optional() }),
      ]),
    )
    .default({}),
  body: z.string().max(1_000_000).default(""),
  errors: z.enum(["auto", "fail", "accept"]).default("auto"),
  timeoutMs: z.number().int().min(100).max(300_000).default(30_000),
});
type Config = z.infer<typeof config>;

const MAX_SHOWN = 500;

/**
 * Sends one guarded HTTP request. Names in its templates are inputs; a value fills its position and changes nothing
 * else. A response with a status of 400 or more fails the node, unless the graph reads the status or accepts it.
 */
export const http = defineNode<Config>({
  type: "http",
  version: 1,
  title: "HTTP",
  summary: "Sends an HTTP request",
  group: "act",
  icon: "globe",
  config,
  ports: (config) => ({
    inputs: [...new Set(templates(config).flatMap(({ source }) => templateNames(source)))].map((id) => ({
      id,
      kind: "any",
    })),
    outputs: [
      { id: "body", kind: "any" },
      { id: "status", kind: "json" },
    ],
  }),
  withInput: (name) => ({ method: "POST", body: `{{${name}}}` }),
  form: {
    method: { widget: "select", label: "Method" },
    url: {
      widget: "template",
      label: "URL",
      help: "{{name}} in the path or the query becomes an input. The host is fixed.",
    },
    headers: { widget: "keyvalue", templates: true, label: "Headers", help: "Store keys and passwords as secrets." },
    body: {
      widget: "prompt",
      label: "Body",
      help: "In JSON, write {{name}} inside quotes for text, without quotes for any other value.",
      placeholder: '{ "city": "{{city}}" }',
    },
    errors: {
      widget: "select",
      label: "Status of 400 or more",
      help: "Fail stops the node. Accept returns status and body. Auto accepts it if the Status output is connected.",
      advanced: true,
    },
    timeoutMs: { widget: "number", label: "Timeout (ms)", min: 100, max: 300000, advanced: true },
  },
  preview: ({ method, url }) => (url.trim() === "" ? [] : [{ quiet: method }, { mono: previewText(url) }]),
  certainOutputs: "all",
  words: {
    zh: {
      title: "HTTP",
      summary: "发送 HTTP 请求",
      fields: {
        method: { label: "方法" },
        url: { label: "网址", help: "路径和查询参数中的 {{name}} 是输入；主机名是固定的。" },
        headers: { label: "请求头", help: "请把密钥和密码保存为密钥。" },
        body: { label: "请求体", help: '在 JSON 中，文本写在引号内："{{name}}"；其他值不加引号。' },
        errors: {
          label: "状态码 400 及以上",
          help: "失败：节点失败。接受：照常输出状态码和响应体。自动：连接了“状态码”输出时接受，否则失败。",
        },
        timeoutMs: { label: "超时（毫秒）" },
      },
      ports: { body: "响应体", status: "状态码" },
      options: { auto: "自动", fail: "失败", accept: "接受" },
    },
  },
  check(config, inputs) {
    const issues: NodeIssue[] = templates(config).flatMap(({ source, path }) => templateIssues(source, path, inputs));
    const fault = urlTemplateFault(config.url);
    if (fault !== undefined)
      issues.push({
        severity: "error",
        code: "bad-config",
        message: config.url === "" ? "This request has no address yet." : fault,
        path: "/url",
        fix: "Write the host out; use {{name}} in the path, the query, the headers or the body.",
      });
    return issues;
  },
  async run(step) {
    const { config, inputs, host, signal } = step;
    const filler: Filler = {
      fill: (template, print, isEncoded) => fillTemplate(template, inputs, print, isEncoded),
      text: valueText,
      values: inputs,
    };
    const headers: Record<string, string> = {};
    const secretHeaders: Record<string, SecretHeader> = {};
    for (const [name, value] of Object.entries(config.headers)) {
      if (typeof value !== "string") secretHeaders[name] = value;
      else headers[name] = oneLine(name, renderTemplate(value, inputs));
    }
    const request = {
      method: config.method,
      url: fillUrl(config.url, filler, "bad_request"),
      headers,
      timeoutMs: config.timeoutMs,
      ...(Object.keys(secretHeaders).length ? { secretHeaders } : {}),
    };
    const sends = config.body !== "" && config.method !== "GET" && config.method !== "HEAD";
    const accepts = config.errors === "accept" || (config.errors === "auto" && step.isConnected("status"));
    if (!sends) return outputs(await host.fetch(request, signal), request.url, accepts);
    const contentType = Object.keys(config.headers).find((name) => name.toLowerCase() === "content-type");
    const kind = bodyKind(config.body, contentType && (headers[contentType] ?? ""));
    const body = fillBody(config.body, kind, filler);
    if (contentType === undefined) headers["content-type"] = defaultContentType(body, kind);
    return outputs(await host.fetch({ ...request, body }, signal), request.url, accepts);
  },
});

function outputs({ status, headers, body }: HttpResponse, url: string, acceptsErrors: boolean): Values {
  if (status >= 400 && !acceptsErrors) {
    const text = body.trim();
    const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN).toWellFormed()}…` : text;
    throw new PatchbayError("tool_failed", `${new URL(url).host} answered with HTTP ${status}${shown && `: ${shown}`}`);
  }
  return { status, body: parsed(headers["content-type"] ?? "", body) };
}

function templates({ url, headers, body }: Config): { source: string; path: string }[] {
  return [
    { source: url, path: "/url" },
    ...Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" ? [{ source: value, path: `/headers/${name}` }] : [],
    ),
    { source: body, path: "/body" },
  ];
}

function oneLine(name: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new PatchbayError("bad_request", `The header ${name} would hold a line break.`);
  return value;
}

function parsed(contentType: string, body: string): unknown {
  if (!/[/+]json\b/i.test(contentType)) return body;
  try {
    return JSON.parse(body);
  } catch {
    // Says JSON and is not: give it on as it came.
    return body;
  }
}
