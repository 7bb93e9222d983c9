/**
 * What the server is made of, as interfaces, a role a file in `services/`: each is implemented in the folder that has
 * its name, built in `open-services.ts`, handed to the routes and to `host.ts`. Nothing reaches a service by import.
 */
import type { Backup } from "./backup/backup.ts";
import type { Visitors } from "./chat/visitors.ts";
import type { Env } from "./env.ts";
import type { Conversations } from "./runs/conversations.ts";
import type { Agents } from "./services/agents.ts";
import type { EventLog } from "./services/event-log.ts";
import type { Files } from "./services/files.ts";
import type { Keys, Purse } from "./services/keys.ts";
import type { Knowledge } from "./services/knowledge.ts";
import type { McpServers } from "./services/mcp.ts";
import type { Models } from "./services/models.ts";
import type { SafeFetch } from "./services/net.ts";
import type { Records } from "./services/records.ts";
import type { Runs } from "./services/runs.ts";
import type { Sandbox } from "./services/sandbox.ts";
import type { Secrets } from "./services/secrets.ts";
import type { Settings } from "./services/settings.ts";
import type { Tasks } from "./services/tasks.ts";
import type { Toolbox } from "./services/tools.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import type { Triggers } from "./triggers/triggers.ts";

export type * from "./services/agents.ts";
export type * from "./services/event-log.ts";
export type * from "./services/files.ts";
export type * from "./services/keys.ts";
export type * from "./services/knowledge.ts";
export type * from "./services/ledger.ts";
export type * from "./services/mcp.ts";
export type * from "./services/models.ts";
export type * from "./services/net.ts";
export type * from "./services/records.ts";
export type * from "./services/runs.ts";
export type * from "./services/sandbox.ts";
export type * from "./services/secrets.ts";
export type * from "./services/settings.ts";
export type * from "./services/tasks.ts";
export type * from "./services/tools.ts";

export interface Services {
  env: Env;
  logger: Logger;
  records: Records;
  secrets: Secrets;
  files: Files;
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
  keys: Keys;
  purse: Purse;
  metrics: Metrics;
  settings: Settings;
  triggers: Triggers;
  visitors: Visitors;
  backup: Backup;
}
