/** The environment, parsed once. An unknown `PATCHBAY_*` name or a bad value stops the start with one clear line. */
import { resolve } from "node:path";
import { PatchbayError } from "../../runtime/error.ts";
import type { S3Location } from "./s3-location.ts";

export interface Env {
  host: string;
  port: number;
  /** Public address, without a slash at its end. */
  url?: string;
  dataDir: string;
  token?: string;
  secretsKey?: string;
  databaseUrl?: string;
  /** A folder, the address of an object store as LanceDB takes it, or a place in an S3-compatible one. */
  vectors?: string | S3Location;
  /** A folder, or a place in an S3-compatible store. */
  files?: string | S3Location;
  /** `host:port` that tools may reach although private. */
  allowHosts: string[];
  trustProxy: boolean;
  openai?: { baseUrl: string; apiKey?: string };
  defaultModel?: string;
  embedder?: string;
  /** Where traces and measures go; absent: nowhere. */
  telemetry?: TelemetryEnv;
  /** From which level on the server's own log tells; see `telemetry/logger.ts`. */
  logLevel?: LogLevel;
}

/** Of the standard `OTEL_*` variables, what is decided here; headers, timeouts and compression its exporters read themselves. */
export interface TelemetryEnv {
  protocol: "http/protobuf" | "http/json";
  tracesUrl?: string;
  metricsUrl?: string;
  metricsIntervalMs?: number;
  /** Of traces that begin here, 0 to 1. */
  sampleRatio: number;
  /** What was said is sent too. */
  content: boolean;
}

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const KNOWN = [
  "PATCHBAY_URL",
  "PATCHBAY_DATA",
  "PATCHBAY_TOKEN",
  "PATCHBAY_SECRETS_KEY",
  "PATCHBAY_DATABASE_URL",
  "PATCHBAY_VECTORS",
  "PATCHBAY_FILES",
  "PATCHBAY_ALLOW_HOSTS",
  "PATCHBAY_TRUST_PROXY",
  "PATCHBAY_DEFAULT_MODEL",
  "PATCHBAY_EMBEDDER",
  "PATCHBAY_LOG_LEVEL",
  // Read by fault.ts, for the crash harness.
  "PATCHBAY_TEST_FAULT_AT",
];

/** Shorter tokens can be guessed over the network. */
const MIN_TOKEN = 16;

/**
 * Parses the variables of CONTRACT's list. An empty value counts as unset.
 * Throws `bad_request` whose message is one line: the variable, what is wrong with it, how to mend it. Values of secrets are never in it.
 */
export function parseEnv(vars: Record<string, string | undefined>): Env {
  for (const name of Object.keys(vars))
    if (name.startsWith("PATCHBAY_") && !KNOWN.includes(name))
      throw bad(name, `is no setting of Patchbay${nearest(name)}; remove it or correct its name`);
  const get = (name: string) => vars[name]?.trim() || undefined;

  const env: Env = {
    host: parseHost(get("HOST")),
    port: parsePort(get("PORT")),
    dataDir: resolve(get("PATCHBAY_DATA") ?? "./data"),
    allowHosts: parseAllowHosts(get("PATCHBAY_ALLOW_HOSTS")),
    trustProxy: parseFlag("PATCHBAY_TRUST_PROXY", get("PATCHBAY_TRUST_PROXY")),
  };
  const url = get("PATCHBAY_URL");
  if (url) env.url = parsePublicUrl(url);
  const token = get("PATCHBAY_TOKEN");
  if (token) {
    if (token.length < MIN_TOKEN || /\s/.test(token))
      throw bad(
        "PATCHBAY_TOKEN",
        `must be at least ${MIN_TOKEN} characters without white space; take one from \`openssl rand -hex 32\``,
      );
    env.token = token;
  }
  const secretsKey = get("PATCHBAY_SECRETS_KEY");
  if (secretsKey) {
    if (secretsKey.length < 32)
      throw bad("PATCHBAY_SECRETS_KEY", "must be at least 32 characters; take one from `openssl rand -hex 32`");
    env.secretsKey = secretsKey;
  }
  const databaseUrl = get("PATCHBAY_DATABASE_URL");
  if (databaseUrl) {
    if (!/^postgres(ql)?:\/\//.test(databaseUrl)) throw bad("PATCHBAY_DATABASE_URL", "must begin with postgres://");
    env.databaseUrl = databaseUrl;
  }
  const vectors = get("PATCHBAY_VECTORS");
  // Without keys LanceDB finds its right by itself: the role of the machine.
  env.vectors =
    vectors?.startsWith("s3://") && get("AWS_ACCESS_KEY_ID") ? parseS3("PATCHBAY_VECTORS", vectors, get) : vectors;
  const files = get("PATCHBAY_FILES");
  env.files = files && /^[a-z][a-z0-9+.-]+:\/\//i.test(files) ? parseS3("PATCHBAY_FILES", files, get) : files;
  const baseUrl = get("OPENAI_BASE_URL");
  const apiKey = get("OPENAI_API_KEY");
  if (baseUrl) env.openai = { baseUrl: parseHttpUrl("OPENAI_BASE_URL", baseUrl), ...(apiKey && { apiKey }) };
  else if (apiKey) env.openai = { baseUrl: "https://api.openai.com/v1", apiKey };
  env.defaultModel = parseModelName("PATCHBAY_DEFAULT_MODEL", get("PATCHBAY_DEFAULT_MODEL"));
  env.embedder = parseModelName("PATCHBAY_EMBEDDER", get("PATCHBAY_EMBEDDER"));

  env.telemetry = parseTelemetry(get);
  env.logLevel = parseLogLevel(get("PATCHBAY_LOG_LEVEL"));

  if (!isLoopback(env.host) && !env.token)
    throw bad(
      "HOST",
      `is ${env.host}, which other machines can reach; set PATCHBAY_TOKEN too, or leave HOST at 127.0.0.1`,
    );
  return env;
}

/** Whether a bind address or the host of a URL is this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function parseHost(value = "127.0.0.1"): string {
  const host = value.replace(/^\[(.*)\]$/, "$1");
  if (!/^[A-Za-z0-9.:-]+$/.test(host))
    throw bad("HOST", `"${value}" is no address; use for example 127.0.0.1 or 0.0.0.0`);
  return host;
}

function parsePort(value = "4400"): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535)
    throw bad("PORT", `"${value}" is no port; use 0 to 65535 (0 takes any free one)`);
  return port;
}

function parseFlag(name: string, value: string | undefined): boolean {
  if (value === undefined || value === "0" || value === "false") return false;
  if (value === "1" || value === "true") return true;
  throw bad(name, `"${value}" is neither true nor false`);
}

function parseHttpUrl(name: string, value: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol))
    throw bad(name, `"${value}" is no address; it must begin with http:// or https://`);
  const url = new URL(value);
  if (url.username || url.password) throw bad(name, "must not hold a user name or password");
  return value.replace(/\/+$/, "");
}

function parsePublicUrl(value: string): string {
  const url = new URL(parseHttpUrl("PATCHBAY_URL", value));
  if (url.pathname !== "/" || url.search || url.hash)
    throw bad("PATCHBAY_URL", `"${value}" must be an origin alone, for example ${url.origin}`);
  return url.origin;
}

function parseAllowHosts(value = ""): string[] {
  const entries = value
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean);
  for (const entry of entries) {
    const port = Number(/:(\d{1,5})$/.exec(entry)?.[1]);
    if (!(port > 0 && port <= 65_535) || /[/@\s*]/.test(entry))
      throw bad("PATCHBAY_ALLOW_HOSTS", `"${entry}" must be host:port, for example 127.0.0.1:11434`);
  }
  return entries.map((entry) => entry.toLowerCase());
}

function parseModelName(name: string, value: string | undefined): string | undefined {
  if (value !== undefined && !/^[a-z0-9][a-z0-9-]*\/.+$/.test(value))
    throw bad(name, `"${value}" must be provider/model, for example openai/gpt-4o-mini`);
  return value;
}

/** With the standard variables of every S3 client for what an `s3://` address does not say. */
function parseS3(name: string, value: string, get: (name: string) => string | undefined): S3Location {
  const [, bucket, path = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w!.*'()/-]*))?$/.exec(value) ?? [];
  if (bucket === undefined) throw bad(name, `"${value}" is neither a folder nor s3://bucket/prefix`);
  const needed = (other: string) => {
    const given = get(other);
    if (given === undefined) throw bad(name, `is ${value}, which needs ${other} too`);
    return given;
  };
  const endpoint = get("AWS_ENDPOINT_URL_S3") ?? get("AWS_ENDPOINT_URL");
  const sessionToken = get("AWS_SESSION_TOKEN");
  const prefix = path.split("/").filter(Boolean).join("/");
  return {
    bucket,
    prefix: prefix && `${prefix}/`,
    region: get("AWS_REGION") ?? get("AWS_DEFAULT_REGION") ?? "us-east-1",
    ...(endpoint !== undefined && { endpoint: parseHttpUrl("AWS_ENDPOINT_URL", endpoint) }),
    accessKeyId: needed("AWS_ACCESS_KEY_ID"),
    secretAccessKey: needed("AWS_SECRET_ACCESS_KEY"),
    ...(sessionToken !== undefined && { sessionToken }),
  };
}

function parseTelemetry(get: (name: string) => string | undefined): TelemetryEnv | undefined {
  if (get("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return undefined;
  const base = get("OTEL_EXPORTER_OTLP_ENDPOINT");
  const urlOf = (signal: "TRACES" | "METRICS", path: string) => {
    if (get(`OTEL_${signal}_EXPORTER`) === "none") return undefined;
    const name = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`;
    const own = get(name);
    if (own) return parseHttpUrl(name, own);
    return base && `${parseHttpUrl("OTEL_EXPORTER_OTLP_ENDPOINT", base)}${path}`;
  };
  const tracesUrl = urlOf("TRACES", "/v1/traces");
  const metricsUrl = urlOf("METRICS", "/v1/metrics");
  if (!tracesUrl && !metricsUrl) return undefined;
  const protocol = get("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf";
  if (protocol !== "http/protobuf" && protocol !== "http/json")
    throw bad("OTEL_EXPORTER_OTLP_PROTOCOL", `is "${protocol}"; this server speaks http/protobuf and http/json`);
  const interval = Number(get("OTEL_METRIC_EXPORT_INTERVAL"));
  const content = get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT")?.toLowerCase() ?? "";
  return {
    protocol,
    ...(tracesUrl && { tracesUrl }),
    ...(metricsUrl && { metricsUrl }),
    ...(interval > 0 && { metricsIntervalMs: interval }),
    sampleRatio: sampleRatio(get("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on", get("OTEL_TRACES_SAMPLER_ARG")),
    content: ["true", "1", "span_only", "span_and_event"].includes(content),
  };
}

function sampleRatio(sampler: string, arg: string | undefined): number {
  const kind = sampler.replace(/^parentbased_/, "");
  if (kind === "always_on") return 1;
  if (kind === "always_off") return 0;
  const ratio = Number(arg ?? 1);
  if (kind !== "traceidratio" || !(ratio >= 0 && ratio <= 1))
    throw bad("OTEL_TRACES_SAMPLER", `"${sampler}" with "${arg ?? ""}" is none that this server knows`);
  return ratio;
}

function parseLogLevel(value: string | undefined): LogLevel | undefined {
  const level = LOG_LEVELS.find((one) => one === value);
  if (value !== undefined && level === undefined)
    throw bad("PATCHBAY_LOG_LEVEL", `"${value}" is none; it is ${LOG_LEVELS.join(", ")}`);
  return level;
}

/** A known name at an edit distance of at most 3, as a suggestion. */
function nearest(name: string): string {
  let best: { name: string; distance: number } | undefined;
  for (const known of KNOWN) {
    const distance = editDistance(name, known);
    if (distance <= 3 && (!best || distance < best.distance)) best = { name: known, distance };
  }
  return best ? ` (did you mean ${best.name}?)` : "";
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}

function bad(name: string, what: string): PatchbayError {
  return new PatchbayError("bad_request", `${name} ${what}.`);
}
