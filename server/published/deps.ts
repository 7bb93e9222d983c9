/** Services that the published protocols use. */
import type { NodeTable } from "../../runtime/node.ts";
import type { Agents } from "../agents/service.ts";
import type { Keys } from "../keys/service.ts";
import type { Visitors } from "../keys/visitors.ts";
import type { Models } from "../models/service.ts";
import type { Env } from "../process/env.ts";
import type { Conversations } from "../runs/conversations.ts";
import type { RunFiles } from "../runs/run-files.ts";
import type { Runs } from "../runs/service.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { Files } from "../stores/files.ts";

export interface PublishedDeps {
  env: Env;
  nodes: NodeTable;
  agents: Agents;
  keys: Keys;
  visitors: Visitors;
  models: Models;
  runs: Runs;
  log: EventLog;
  conversations: Conversations;
  files: Files;
  runFiles: RunFiles;
}
