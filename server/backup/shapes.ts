/**
 * The shapes of records, as far as their readers rely on them. Looser than what the API takes, so that records of other
 * versions can be read: properties that nothing here names are allowed.
 */
import { z } from "zod";
import { pointer } from "../../runtime/issue.ts";
import { parseGraph } from "../../runtime/parse.ts";
import { AgentVersion, Publication } from "../contract/agent.ts";
import { AgentKey } from "../contract/key.ts";
import { NewProvider } from "../contract/model.ts";
import type { CheckRecord } from "../stores/checked-records.ts";

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in hexadecimal digits");
const Words = z.looseObject({ en: z.string(), zh: z.string() });
const Count = z.number().int().min(0);

const SHAPES: Readonly<Record<string, z.ZodType>> = {
  "agent-revision": z.looseObject({ graph: z.looseObject({ name: z.string() }), at: z.number() }),
  "agent-revision-label": z.looseObject({ label: z.string() }),
  "agent-version": AgentVersion,
  file: z.looseObject({
    sha256: Sha256,
    name: z.string(),
    mediaType: z.string(),
    bytes: Count,
    owner: z.string().optional(),
  }),
  key: AgentKey.extend({ hash: Sha256, prefix: z.string().regex(/^pb_[\w-]{8}$/) }),
  knowledge: z.looseObject({ uid: z.string(), aliases: z.array(z.string()).optional() }),
  "knowledge-document": z.looseObject({
    file: z.string(),
    title: z.string(),
    mediaType: z.string(),
    status: z.enum(["queued", "indexing", "ready", "failed"]),
  }),
  "mcp-server": z.looseObject({ settings: z.looseObject({ name: z.string() }) }),
  provider: z.object(NewProvider.shape),
  publication: Publication,
  template: z.looseObject({
    icon: z.string(),
    tags: z.array(z.string()),
    title: Words,
    summary: Words,
    language: z.enum(["en", "zh"]),
    samples: z.array(z.looseObject({ knowledge: z.string(), file: z.string() })),
    needs: z.looseObject({
      knowledge: z.array(z.looseObject({ name: z.string() })),
      mcpServers: z.array(z.looseObject({ name: z.string(), package: z.string(), args: z.array(z.string()) })),
      tools: z.array(z.string()),
      secrets: z.array(z.string()),
      models: z.array(z.string()),
    }),
  }),
  trigger: z.discriminatedUnion("kind", [
    z.looseObject({ kind: z.literal("webhook"), agent: z.string(), name: z.string() }),
    z.looseObject({
      kind: z.literal("schedule"),
      agent: z.string(),
      name: z.string(),
      cron: z.string(),
      nextAt: z.number(),
    }),
    z.looseObject({ kind: z.literal("notice"), agent: z.string(), name: z.string(), url: z.string() }),
  ]),
};
const AnyRecord = z.looseObject({});

/** Kinds whose body names the record: an index by that name would find another record. */
const NAMED_BY: Readonly<Record<string, string>> = { key: "id", publication: "slug", template: "id", trigger: "id" };
const GRAPH_OF: Readonly<Record<string, (body: unknown) => unknown>> = {
  agent: (body) => body,
  "agent-version": (body) => (body as { graph: unknown }).graph,
  template: (body) => (body as { graph?: unknown }).graph,
};

export const checkRecord: CheckRecord = ({ kind, id, body }) => {
  const shape = Object.hasOwn(SHAPES, kind) ? SHAPES[kind]! : AnyRecord;
  const parsed = shape.safeParse(body);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    return `at ${pointer(...path.map(String)) || "its root"}: ${message}`;
  }
  const name = Object.hasOwn(NAMED_BY, kind) ? NAMED_BY[kind] : undefined;
  if (name !== undefined && (body as Record<string, unknown>)[name] !== id) return `at /${name}: it must be "${id}"`;
  const graphOf = Object.hasOwn(GRAPH_OF, kind) ? GRAPH_OF[kind] : undefined;
  if (!graphOf) return undefined;
  const { graph, issues } = parseGraph(graphOf(body));
  return graph ? undefined : `at ${issues[0]?.path || "its graph"}: ${issues[0]?.message}`;
};
