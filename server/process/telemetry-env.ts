/** Parses the `OTEL_*` variables. The exporters read headers, timeouts and compression themselves. */
import { z } from "zod";
import { bad, httpUrl, parseVariables, type Variables } from "./variable.ts";

export interface TelemetryEnv {
  protocol: "http/protobuf" | "http/json";
  tracesUrl?: string;
  metricsUrl?: string;
  metricsIntervalMs?: number;
  /** Share of the traces started by this server that are sampled, 0 to 1. */
  sampleRatio: number;
  /** Whether spans include messages and tool results. */
  content: boolean;
}

const Otel = z.object({
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(["http/protobuf", "http/json"], {
      error: ({ input }) => `is "${input}"; this server supports http/protobuf and http/json`,
    })
    .default("http/protobuf"),
});

/** Undefined when no exporter is configured. Throws `bad_request` with the variable's name. */
export function telemetryEnv(variables: Variables): TelemetryEnv | undefined {
  if (variables.OTEL_SDK_DISABLED?.toLowerCase() === "true") return undefined;
  const otel = parseVariables(Otel, variables);
  const base = otel.OTEL_EXPORTER_OTLP_ENDPOINT;
  const urlOf = (signal: "TRACES" | "METRICS", path: string) =>
    variables[`OTEL_${signal}_EXPORTER`] === "none"
      ? undefined
      : (otel[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] ?? (base && `${base}${path}`));
  const tracesUrl = urlOf("TRACES", "/v1/traces");
  const metricsUrl = urlOf("METRICS", "/v1/metrics");
  if (!tracesUrl && !metricsUrl) return undefined;
  const interval = Number(variables.OTEL_METRIC_EXPORT_INTERVAL);
  const content = variables.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT?.toLowerCase() ?? "";
  return {
    protocol: otel.OTEL_EXPORTER_OTLP_PROTOCOL,
    ...(tracesUrl && { tracesUrl }),
    ...(metricsUrl && { metricsUrl }),
    ...(interval > 0 && { metricsIntervalMs: interval }),
    sampleRatio: sampleRatio(
      variables.OTEL_TRACES_SAMPLER ?? "parentbased_always_on",
      variables.OTEL_TRACES_SAMPLER_ARG,
    ),
    content: ["true", "1", "span_only", "span_and_event"].includes(content),
  };
}

function sampleRatio(sampler: string, arg: string | undefined): number {
  const kind = sampler.replace(/^parentbased_/, "");
  if (kind === "always_on") return 1;
  if (kind === "always_off") return 0;
  const ratio = Number(arg ?? 1);
  if (kind !== "traceidratio" || !(ratio >= 0 && ratio <= 1))
    throw bad("OTEL_TRACES_SAMPLER", `"${sampler}" with "${arg ?? ""}" is not supported`);
  return ratio;
}
