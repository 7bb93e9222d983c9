/**
 * The services of one server. Each interface is in the `service.ts` of its folder; `open-services.ts` creates the
 * services and passes them to the routes. No module imports a service instance.
 */
import type { NodeTable } from "../runtime/node.ts";
import type { Labels } from "./agents/labels.ts";
import type { Agents } from "./agents/service.ts";
import type { Backup } from "./backup/backup.ts";
import type { Readiness } from "./contract/readiness.ts";
import type { Keys, Quota } from "./keys/service.ts";
import type { SignIns } from "./keys/sign-ins.ts";
import type { Visitors } from "./keys/visitors.ts";
import type { Knowledge } from "./knowledge/service.ts";
import type { McpServers } from "./mcp/service.ts";
import type { Models } from "./models/service.ts";
import type { SafeFetch } from "./net/service.ts";
import type { Env } from "./process/env.ts";
import type { Conversations } from "./runs/conversations.ts";
import type { RunFiles } from "./runs/run-files.ts";
import type { Runs } from "./runs/service.ts";
import type { Sandbox } from "./sandbox/service.ts";
import type { Secrets } from "./secrets/service.ts";
import type { Settings } from "./settings/service.ts";
import type { EventLog } from "./stores/event-log.ts";
import type { Files } from "./stores/files.ts";
import type { Records } from "./stores/records.ts";
import type { Tasks } from "./tasks/service.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import type { Toolbox } from "./tools/service.ts";
import type { Triggers } from "./triggers/service.ts";

export interface Services {
  env: Env;
  /** The node types that graphs may use. */
  nodes: NodeTable;
  /** JavaScript source of the operator's own node types, by type. */
  nodeModules: ReadonlyMap<string, string>;
  logger: Logger;
  records: Records;
  secrets: Secrets;
  files: Files;
  runFiles: RunFiles;
  tasks: Tasks;
  models: Models;
  toolbox: Toolbox;
  mcp: McpServers;
  knowledge: Knowledge;
  fetch: SafeFetch;
  sandbox: Sandbox;
  log: EventLog;
  runs: Runs;
  conversations: Conversations;
  agents: Agents;
  labels: Labels;
  keys: Keys;
  signIns: SignIns;
  quota: Quota;
  metrics: Metrics;
  readiness(): Promise<Readiness>;
  settings: Settings;
  triggers: Triggers;
  visitors: Visitors;
  backup: Backup;
}
