/** Parses the environment once. A mistyped `PATCHBAY_*` name or an invalid value stops the start with a one-line error. */
import { resolve } from "node:path";
import { z } from "zod";
import { nearestName } from "../../runtime/nearest-name.ts";
import { type S3Location, s3Location } from "./s3-location.ts";
import { type TelemetryEnv, telemetryEnv } from "./telemetry-env.ts";
import { bad, httpUrl, parseVariables, text, type Variables } from "./variable.ts";

export interface Env {
  host: string;
  port: number;
  /** Public URL, without a trailing slash. */
  url?: string;
  /** Address of the server that the command line uses, instead of the data folder. */
  server?: string;
  dataDir: string;
  token?: string;
  secretsKey?: string;
  databaseUrl?: string;
  /** A folder, an object store URI as LanceDB takes it, or an S3 location. */
  vectors?: string | S3Location;
  /** A folder, or an S3 location. */
  files?: string | S3Location;
  /** Private addresses (`host:port`) that tools may reach. */
  allowHosts: string[];
  trustProxy: boolean;
  /** A folder of node modules; their code is trusted as the operator's own. */
  nodesDir?: string;
  openai?: { baseUrl: string; apiKey?: string };
  defaultModel?: string;
  embedder?: string;
  /** Exporters of traces and metrics; absent when none is configured. */
  telemetry?: TelemetryEnv;
  /** Minimum level of the server's log. */
  logLevel?: LogLevel;
  /** A token that can read the metrics, and nothing else. */
  metricsToken?: string;
  /** Sentences about variables that are ignored. */
  warnings: string[];
}

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Minimum length in characters: shorter tokens can be guessed over the network. */
const MIN_TOKEN = 16;
const MIN_KEY = 32;

const token = text(
  (value) => value.length >= MIN_TOKEN && !/\s/.test(value),
  () => `must be at least ${MIN_TOKEN} characters without white space; create one with \`openssl rand -hex 32\``,
);

const modelName = text(
  (value) => /^[a-z0-9][a-z0-9-]*\/.+$/.test(value),
  (value) => `"${value}" must be provider/model, for example openai/gpt-4o-mini`,
).optional();

const hostAndPort = text(
  (value) => {
    const port = Number(/:(\d{1,5})$/.exec(value)?.[1]);
    return port > 0 && port <= 65_535 && !/[/@\s*]/.test(value);
  },
  (value) => `"${value}" must be host:port, for example 127.0.0.1:11434`,
);

const Settings = z.object({
  HOST: text(
    (value) => /^\[?[A-Za-z0-9.:-]+\]?$/.test(value),
    (value) => `"${value}" is not an address; use for example 127.0.0.1 or 0.0.0.0`,
  )
    .transform((value) => value.replace(/^\[(.*)\]$/, "$1"))
    .default("127.0.0.1"),
  PORT: text(
    (value) => /^\d{1,5}$/.test(value) && Number(value) <= 65_535,
    (value) => `"${value}" is not a port; use 0 to 65535 (0 takes any free one)`,
  )
    .transform(Number)
    .default(4400),
  PATCHBAY_URL: httpUrl
    .refine((value) => new URL(value).pathname === "/" && !/[?#]/.test(value), {
      error: ({ input }) => `"${input}" must be an origin alone, for example ${new URL(String(input)).origin}`,
    })
    .transform((value) => new URL(value).origin)
    .optional(),
  PATCHBAY_SERVER: httpUrl.optional(),
  PATCHBAY_DATA: z.string().default("./data"),
  PATCHBAY_TOKEN: token.optional(),
  PATCHBAY_METRICS_TOKEN: token.optional(),
  PATCHBAY_SECRETS_KEY: text(
    (value) => value.length >= MIN_KEY,
    () => `must be at least ${MIN_KEY} characters; create one with \`openssl rand -hex 32\``,
  ).optional(),
  PATCHBAY_DATABASE_URL: text(
    (value) => /^postgres(ql)?:\/\//.test(value),
    () => "must begin with postgres://",
  ).optional(),
  PATCHBAY_VECTORS: z.string().optional(),
  PATCHBAY_FILES: z.string().optional(),
  PATCHBAY_ALLOW_HOSTS: z
    .string()
    .default("")
    .transform((list) =>
      list
        .toLowerCase()
        .split(/\s*,\s*/)
        .filter(Boolean),
    )
    .pipe(z.array(hostAndPort)),
  PATCHBAY_TRUST_PROXY: z
    .enum(["0", "1", "false", "true"], { error: ({ input }) => `"${input}" is neither true nor false` })
    .transform((value) => value === "1" || value === "true")
    .default(false),
  PATCHBAY_DEFAULT_MODEL: modelName,
  PATCHBAY_EMBEDDER: modelName,
  PATCHBAY_NODES: z.string().optional(),
  PATCHBAY_LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: ({ input }) => `"${input}" is not a log level; use ${LOG_LEVELS.join(", ")}` })
    .optional(),
  /** Read by `fault.ts`, for crash tests. */
  PATCHBAY_TEST_FAULT_AT: z.string().optional(),
  OPENAI_BASE_URL: httpUrl.optional(),
  OPENAI_API_KEY: z.string().optional(),
});

/**
 * An empty value counts as unset.
 * Throws `bad_request` with a one-line message: the variable, the problem, and how to fix it. The message never
 * contains a secret.
 */
export function parseEnv(given: Record<string, string | undefined>): Env {
  const warnings = unknownNames(given);
  const variables: Variables = {};
  for (const [name, value] of Object.entries(given)) if (value?.trim()) variables[name] = value.trim();

  const settings = parseVariables(Settings, variables);
  const { HOST: host, PATCHBAY_TOKEN: adminToken, PATCHBAY_VECTORS: vectors, PATCHBAY_FILES: files } = settings;
  if (settings.PATCHBAY_METRICS_TOKEN !== undefined && settings.PATCHBAY_METRICS_TOKEN === adminToken)
    throw bad("PATCHBAY_METRICS_TOKEN", "is the same as PATCHBAY_TOKEN; create another one");
  if (!isLoopback(host) && !adminToken)
    throw bad("HOST", `is ${host}, which other machines can reach; set PATCHBAY_TOKEN too, or leave HOST at 127.0.0.1`);
  const apiKey = settings.OPENAI_API_KEY;
  const baseUrl = settings.OPENAI_BASE_URL ?? (apiKey && "https://api.openai.com/v1");
  return {
    host,
    port: settings.PORT,
    url: settings.PATCHBAY_URL,
    server: settings.PATCHBAY_SERVER,
    dataDir: resolve(settings.PATCHBAY_DATA),
    token: adminToken,
    metricsToken: settings.PATCHBAY_METRICS_TOKEN,
    secretsKey: settings.PATCHBAY_SECRETS_KEY,
    databaseUrl: settings.PATCHBAY_DATABASE_URL,
    // Without a key, LanceDB finds credentials itself, such as the role of the machine.
    vectors:
      vectors?.startsWith("s3://") && variables.AWS_ACCESS_KEY_ID ? s3Location("PATCHBAY_VECTORS", variables) : vectors,
    files: files && /^[a-z][a-z0-9+.-]+:\/\//i.test(files) ? s3Location("PATCHBAY_FILES", variables) : files,
    allowHosts: settings.PATCHBAY_ALLOW_HOSTS,
    trustProxy: settings.PATCHBAY_TRUST_PROXY,
    nodesDir: settings.PATCHBAY_NODES && resolve(settings.PATCHBAY_NODES),
    ...(baseUrl && { openai: { baseUrl, ...(apiKey && { apiKey }) } }),
    defaultModel: settings.PATCHBAY_DEFAULT_MODEL,
    embedder: settings.PATCHBAY_EMBEDDER,
    telemetry: telemetryEnv(variables),
    logLevel: settings.PATCHBAY_LOG_LEVEL,
    warnings,
  };
}

/**
 * What Kubernetes and Docker set in each container for a service whose name begins with "patchbay", such as
 * PATCHBAY_SERVICE_HOST and PATCHBAY_PORT_4400_TCP.
 */
function isServiceVariable(name: string, value = ""): boolean {
  return (
    /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/.test(name) ||
    (name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(value))
  );
}

/** Throws `bad_request` for a mistyped name; returns a warning for each other unknown one. */
function unknownNames(given: Record<string, string | undefined>): string[] {
  const known = Object.keys(Settings.shape);
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (!name.startsWith("PATCHBAY_") || known.includes(name) || isServiceVariable(name, value)) continue;
    const near = nearestName(name, known);
    if (near !== undefined)
      throw bad(name, `is not a Patchbay setting (did you mean ${near}?); remove it or correct its name`);
    warnings.push(`${name} is not a Patchbay setting, and is ignored.`);
  }
  return warnings;
}

/** Whether a bind address or URL host is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
