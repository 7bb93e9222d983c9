/** Exports spans and metrics of runs to an OpenTelemetry collector over OTLP/HTTP. Loaded only when one is configured. */
import { DiagLogLevel, diag, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  BatchSpanProcessor,
  type ReadableSpan,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import type { RunEvent } from "../../runtime/event.ts";
import type { RunResult } from "../contract/run.ts";
import type { TelemetryEnv } from "../process/telemetry-env.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { Logger } from "./logger.ts";
import { type SpanData, SpanFold } from "./spans.ts";

export interface Telemetry {
  /** An event of a run that this process executes, when it is appended. */
  happened(event: RunEvent): void;
  /** A run ended, or waits: its state is dropped. */
  runSettled(result: Pick<RunResult, "id" | "status" | "error">, ms: number): void;
  /** Exports the remaining data; gives up after some seconds. */
  close(): Promise<void>;
}

export interface TelemetryOptions {
  env: TelemetryEnv;
  version: string;
  logger: Logger;
  /** Removes secrets from messages, if messages are exported. */
  redact(text: string): string;
  log: Pick<EventLog, "read">;
}

const SCOPE = "patchbay";
const FLUSH_MS = 5_000;
const PAGE = 1000;
const MAX_FOLDS = 20_000;
/** Bucket boundaries of the conventions. */
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { env, logger } = options;
  const warn = (message: string) => logger.warn(`OpenTelemetry: ${message}`);
  diag.setLogger(
    { error: warn, warn, info: () => undefined, debug: () => undefined, verbose: () => undefined },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const resource = resourceFromAttributes({ "service.name": "patchbay", "service.version": options.version }).merge(
    detectResources({ detectors: [envDetector] }),
  );
  const json = env.protocol === "http/json";
  const spans =
    env.tracesUrl === undefined
      ? undefined
      : new BatchSpanProcessor({
          exporter: json
            ? new (await import("@opentelemetry/exporter-trace-otlp-http")).OTLPTraceExporter({ url: env.tracesUrl })
            : new (await import("@opentelemetry/exporter-trace-otlp-proto")).OTLPTraceExporter({ url: env.tracesUrl }),
        });
  const meters =
    env.metricsUrl === undefined
      ? undefined
      : new MeterProvider({
          resource,
          readers: [
            new PeriodicExportingMetricReader({
              ...(env.metricsIntervalMs !== undefined && {
                exportIntervalMillis: env.metricsIntervalMs,
                exportTimeoutMillis: Math.min(env.metricsIntervalMs, 30_000),
              }),
              exporter: json
                ? new (await import("@opentelemetry/exporter-metrics-otlp-http")).OTLPMetricExporter({
                    url: env.metricsUrl,
                  })
                : new (await import("@opentelemetry/exporter-metrics-otlp-proto")).OTLPMetricExporter({
                    url: env.metricsUrl,
                  }),
            }),
          ],
        });
  const metrics = meters && createMetrics(meters);
  const sampler = new TraceIdRatioBasedSampler(env.sampleRatio);
  const sampled = (trace: string) =>
    sampler.shouldSample(ROOT_CONTEXT, trace).decision === SamplingDecision.RECORD_AND_SAMPLED;

  // A run that another process continues is never removed here.
  const folds = new BoundedMap<string, SpanFold>(MAX_FOLDS);
  /** Runs whose earlier events are being read, with the events that arrived meanwhile. */
  const loading = new Map<string, RunEvent[]>();
  const foldOf = (run: string, start: RunEvent | undefined) => {
    const fold = new SpanFold(run, start, env.content ? { content: options.redact } : {});
    folds.set(run, fold);
    return fold;
  };

  function addTo(fold: SpanFold, event: RunEvent): void {
    for (const span of fold.add(event)) {
      metrics?.span(span);
      if (spans && (fold.sampled ?? sampled(span.trace))) spans.onEnd(readable(span, resource));
    }
  }

  /** Reads the earlier events of a run that began in another process or was resumed. */
  async function load(run: string, before: number, waiting: RunEvent[]): Promise<void> {
    try {
      const past: RunEvent[] = [];
      while (past.length < before) {
        const page = await options.log.read(run, past.length - 1, Math.min(PAGE, before - past.length));
        if (page.length === 0) break;
        past.push(...page);
      }
      const fold = foldOf(run, past[0]);
      for (const event of past) fold.add(event);
      for (const event of waiting) addTo(fold, event);
    } catch (error) {
      logger.report(error);
    } finally {
      loading.delete(run);
    }
  }

  return {
    happened(event) {
      const waiting = loading.get(event.run);
      if (waiting) return void waiting.push(event);
      const fold = folds.get(event.run) ?? (event.seq === 0 ? foldOf(event.run, event) : undefined);
      if (fold) return addTo(fold, event);
      const arrived = [event];
      loading.set(event.run, arrived);
      void load(event.run, event.seq, arrived);
    },
    runSettled({ id, status, error }, ms) {
      folds.delete(id);
      metrics?.run(status, error?.code, ms);
    },
    async close() {
      const timer = AbortSignal.timeout(FLUSH_MS);
      const late = new Promise<void>((resolve) => timer.addEventListener("abort", () => resolve(), { once: true }));
      await Promise.race([Promise.allSettled([spans?.shutdown(), meters?.shutdown()]), late]);
      diag.disable();
    },
  };
}

function createMetrics(meters: MeterProvider) {
  const meter = meters.getMeter(SCOPE);
  const tokens = meter.createHistogram("gen_ai.client.token.usage", {
    unit: "{token}",
    description: "Tokens of a model call.",
    advice: { explicitBucketBoundaries: TOKENS },
  });
  const duration = meter.createHistogram("gen_ai.client.operation.duration", {
    unit: "s",
    description: "A model call, a tool call or a search.",
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const runs = meter.createHistogram("patchbay.run.duration", {
    unit: "s",
    description: "Time from the start or resumption of a run until it ends or waits.",
    advice: { explicitBucketBoundaries: SECONDS },
  });
  return {
    span({ operation, attributes, startedAt, endedAt }: SpanData): void {
      if (operation === "node" || operation === "invoke_agent") return;
      const of = (name: string) => (attributes[name] === undefined ? {} : { [name]: attributes[name] });
      const shared = {
        ...of("gen_ai.operation.name"),
        ...of("gen_ai.provider.name"),
        ...of("gen_ai.request.model"),
        ...of("gen_ai.tool.name"),
      };
      duration.record((endedAt - startedAt) / 1000, { ...shared, ...of("error.type") });
      for (const [type, name] of [
        ["input", "gen_ai.usage.input_tokens"],
        ["output", "gen_ai.usage.output_tokens"],
      ] as const) {
        const count = attributes[name];
        if (typeof count === "number") tokens.record(count, { ...shared, "gen_ai.token.type": type });
      }
    },
    run(status: string, error: string | undefined, ms: number): void {
      runs.record(ms / 1000, { "patchbay.run.status": status, ...(error !== undefined && { "error.type": error }) });
    },
  };
}

const KINDS = {
  invoke_agent: SpanKind.INTERNAL,
  node: SpanKind.INTERNAL,
  chat: SpanKind.CLIENT,
  execute_tool: SpanKind.INTERNAL,
  retrieval: SpanKind.INTERNAL,
};

function readable(span: SpanData, resource: ReadableSpan["resource"]): ReadableSpan {
  const context = (spanId: string) => ({ traceId: span.trace, spanId, traceFlags: TraceFlags.SAMPLED });
  const own = context(span.id);
  return {
    name: span.name,
    kind: KINDS[span.operation],
    spanContext: () => own,
    ...(span.parent !== undefined && { parentSpanContext: context(span.parent) }),
    startTime: time(span.startedAt),
    endTime: time(span.endedAt),
    duration: time(span.endedAt - span.startedAt),
    status: span.error ? { code: SpanStatusCode.ERROR, message: span.error.code } : { code: SpanStatusCode.UNSET },
    attributes: span.attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: SCOPE },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function time(ms: number): [number, number] {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
}
