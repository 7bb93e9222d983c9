import { z } from "zod";
import { PatchbayError } from "../runtime/error.ts";
import type { SecretHeader } from "../runtime/host.ts";
import { defineNode, type NodeIssue } from "../runtime/node.ts";
import { previewText } from "../runtime/preview.ts";
import { renderTemplate, templateFault, templateNames } from "../runtime/template.ts";

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
  timeoutMs: z.number().int().min(100).max(300_000).default(30_000),
});
type Config = z.infer<typeof config>;

/** Sends one guarded HTTP request. Names in its templates are inputs; a value cannot change the host. */
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
  form: {
    method: { widget: "select", label: "Method" },
    url: {
      widget: "text",
      label: "URL",
      help: "{{name}} in the path or the query becomes an input. The host is fixed.",
    },
    headers: { widget: "keyvalue", label: "Headers", help: "Store keys and passwords as secrets." },
    body: { widget: "prompt", label: "Body" },
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
        body: { label: "请求体" },
        timeoutMs: { label: "超时（毫秒）" },
      },
      ports: { body: "响应体", status: "状态码" },
    },
  },
  check(config) {
    const issues: NodeIssue[] = [];
    for (const { source, path } of templates(config)) {
      const fault = templateFault(source);
      if (fault !== undefined)
        issues.push({ severity: "error", code: "bad-template", message: fault, path, fix: "Close each {{ with }}." });
    }
    if (!/^https?:\/\/[^\s/?#{}@\\]+([/?#]|$)/i.test(config.url))
      issues.push({
        severity: "error",
        code: "bad-config",
        message:
          config.url === ""
            ? "This request has no address yet."
            : "The address must begin with http:// or https:// and a fixed host.",
        path: "/url",
        fix: "Write the host out; use {{name}} in the path, the query, the headers or the body.",
      });
    return issues;
  },
  async run({ config, inputs, host, signal }) {
    const headers: Record<string, string> = {};
    const secretHeaders: Record<string, SecretHeader> = {};
    for (const [name, value] of Object.entries(config.headers)) {
      if (typeof value !== "string") secretHeaders[name] = value;
      else headers[name] = oneLine(name, renderTemplate(value, inputs));
    }
    const sends = config.body !== "" && config.method !== "GET" && config.method !== "HEAD";
    const body = sends ? renderTemplate(config.body, inputs) : undefined;
    if (sends && !Object.keys(config.headers).some((name) => name.toLowerCase() === "content-type"))
      headers["content-type"] = /^\s*[[{]/.test(config.body) ? "application/json" : "text/plain; charset=utf-8";
    const response = await host.fetch(
      {
        method: config.method,
        url: renderTemplate(config.url, inputs, encodeURIComponent),
        headers,
        timeoutMs: config.timeoutMs,
        ...(Object.keys(secretHeaders).length ? { secretHeaders } : {}),
        ...(body === undefined ? {} : { body }),
      },
      signal,
    );
    return { status: response.status, body: parsed(response.headers["content-type"] ?? "", response.body) };
  },
});

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
