/** Creates all services in the order of their dependencies, and closes them in reverse order. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openAgents } from "./agents/agents.ts";
import { checkContext } from "./agents/check-context.ts";
import { createLabels } from "./agents/labels.ts";
import { createBackup } from "./backup/backup.ts";
import { checkRecord } from "./backup/shapes.ts";
import { openStreams } from "./http/sse.ts";
import { NETWORK_LIMITS, OPEN_LIMITS, openKeys } from "./keys/keys.ts";
import { createQuota } from "./keys/quota.ts";
import { openSignIns } from "./keys/sign-ins.ts";
import { openVisitors } from "./keys/visitors.ts";
import { createKnowledge } from "./knowledge/knowledge.ts";
import { createMcpServers } from "./mcp/mcp-servers.ts";
import { createModels } from "./models/models.ts";
import { createNet } from "./net/safe-fetch.ts";
import { loadNodeTypes } from "./node-types/load.ts";
import { type Env, isLoopback } from "./process/env.ts";
import { openDataFolder } from "./process/private-files.ts";
import { VERSION } from "./process/version.ts";
import { openStores } from "./queue/open-stores.ts";
import { createReadiness } from "./queue/readiness.ts";
import type { Role } from "./queue/stores.ts";
import { agentTools } from "./runs/agent-tools.ts";
import { createRunFiles } from "./runs/run-files.ts";
import { createRuns } from "./runs/runs.ts";
import { createSandbox } from "./sandbox/sandbox.ts";
import { readOrCreate } from "./secrets/key-file.ts";
import { sendWithSecrets } from "./secrets/secret-headers.ts";
import { openSecrets } from "./secrets/secrets.ts";
import type { Services } from "./services.ts";
import { createSettings } from "./settings/settings.ts";
import { createFiles } from "./stores/blobs/files.ts";
import { openBlobs } from "./stores/blobs/open-blobs.ts";
import { checkedRecords } from "./stores/checked-records.ts";
import { createTasks } from "./tasks/tasks.ts";
import { incomingTrace } from "./telemetry/incoming.ts";
import { logResumed, logSettled, logTrigger } from "./telemetry/log-runs.ts";
import { createLogger, type Logger } from "./telemetry/logger.ts";
import { openMetrics } from "./telemetry/metrics.ts";
import { watchEvents } from "./telemetry/watch-events.ts";
import { createToolbox } from "./tools/toolbox.ts";
import { watchSettled } from "./triggers/notices.ts";
import { createTriggers } from "./triggers/triggers.ts";

/** Keys of local models, such as "x" or "ollama", are shorter: they would remove parts of words and ids from the log. */
const MIN_REDACTED = 12;

export interface Opened {
  services: Services;
  /** Resumes runs and tasks of the previous process, and starts triggers. */
  start(): Promise<void>;
  /** Waits for runs to end or park, ends child processes, closes the stores. */
  stop(): Promise<void>;
}

/**
 * Rejects with a one-line error when something cannot be opened; everything opened before is closed. The default logger
 * writes warnings to standard error.
 */
export async function openServices(
  env: Env,
  role: Role = "all",
  logger: Logger = createLogger({ level: env.logLevel ?? "warn" }),
): Promise<Opened> {
  const closers: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const report = (thrown: unknown) => logger.report(thrown);
    openDataFolder(env.dataDir);
    const { table: nodes, modules: nodeModules } = await loadNodeTypes(env.nodesDir);
    const stores = await openStores(env, role, report);
    const records = checkedRecords(stores.records, checkRecord, (problem) => logger.warn(problem));
    closers.push(() => stores.close());
    const masterKey =
      env.secretsKey ?? readOrCreate(join(env.dataDir, "secrets.key"), () => randomBytes(32).toString("hex"));
    const secrets = await openSecrets(records, masterKey);
    const own = [
      env.token,
      env.metricsToken,
      env.secretsKey,
      env.openai?.apiKey,
      env.files && typeof env.files !== "string" ? env.files.secretAccessKey : undefined,
    ].filter((text): text is string => text !== undefined && text.length >= MIN_REDACTED);
    logger.redactWith((line) => own.reduce((text, value) => text.replaceAll(value, "[secret]"), secrets.redact(line)));
    const blobs = await openBlobs(env.files ?? join(env.dataDir, "files"));
    const files = createFiles(records, blobs);
    const tasks = createTasks(records, { leave: stores.cluster !== undefined });
    const visitors = openVisitors(masterKey);
    const limits = isLoopback(env.host) ? OPEN_LIMITS : NETWORK_LIMITS;
    const keys = visitors.among(
      await openKeys({
        records,
        limits,
        ...(stores.cluster && { takeCalls: (...asked) => stores.ledger.takeCalls(...asked) }),
      }),
    );
    closers.push(() => keys.close());
    const signIns = openSignIns(records);
    closers.push(() => signIns.close());
    const net = createNet({ allowHosts: env.allowHosts, own: env.url ? [env.url] : [] });
    const models = createModels({ records, secrets, files, env, localFolder: join(env.dataDir, "models") });
    closers.push(() => models.close());
    const mcp = createMcpServers({ records, secrets, files, guard: net, dataDir: env.dataDir, now: Date.now });
    closers.push(() => mcp.close());
    const sandbox = createSandbox();
    closers.push(() => sandbox.close());
    const knowledge = createKnowledge({
      records,
      files,
      tasks,
      models,
      fetch: net.download,
      vectors: env.vectors ?? join(env.dataDir, "vectors"),
      report: (message) => logger.warn(message),
    });
    closers.push(() => knowledge.close());
    closers.push(() => tasks.close());

    // The only cyclic dependency: the toolbox offers published agents as tools, checking an agent uses the toolbox, and
    // runs use both. `agents` and `runs` are created below; the toolbox reads them when a tool is listed or called.
    const toolbox = createToolbox({
      records,
      secrets,
      files,
      net,
      models,
      knowledge,
      mcp,
      evaluate: (...code) => sandbox.evaluate(...code),
      agents: agentTools(
        () => agents,
        () => runs,
      ),
      now: Date.now,
    });
    const context = () => checkContext({ nodes, models, toolbox, knowledge, secrets, agents });
    const agents: Services["agents"] = await openAgents({
      records,
      nodes,
      context,
      tools: (names) => toolbox.specs(names),
      changed: (slug) => runs.forget(slug),
    });
    // Loaded only when an exporter is configured.
    const telemetry =
      env.telemetry &&
      (await (
        await import("./telemetry/otel.ts")
      ).openTelemetry({
        env: env.telemetry,
        version: VERSION,
        logger,
        redact: (text) => secrets.redact(text, { encoded: true }),
        log: { read: (...page) => log.read(...page) },
      }));
    closers.push(() => telemetry?.close());
    const ownLog = await stores.openLog((text) => secrets.redact(text, { encoded: true }));
    stores.onProcessGone((process) => logger.info("process left", { process }));
    const append = ownLog.append.bind(ownLog);
    const log = watchSettled(
      watchEvents(ownLog, {
        happened(event) {
          metrics.happened(event);
          logResumed(logger, event);
          telemetry?.happened(event);
        },
        stored: (ms) => metrics.stored(ms),
      }),
      (...settled) => void triggers.onRunSettled(...settled),
    );
    closers.push(() => log.close());
    const quota = createQuota({
      ledger: stores.ledger,
      models,
      limitsOf: (key) => keys.limitsOf(key),
      nameOf: (key) => keys.nameOf(key),
      async usedSince(key, from) {
        const rows = await log.usage({ from, to: from + 86_400_000, key });
        return {
          tokens: rows.reduce((sum, row) => sum + row.inputTokens + row.outputTokens, 0),
          nanoUsd: Math.round(rows.reduce((sum, row) => sum + (row.costUsd ?? 0), 0) * 1e9),
        };
      },
      alone: stores.cluster === undefined,
      now: Date.now,
      report,
    });
    closers.push(() => quota.close());
    const runFiles = createRunFiles({ records, files, log });
    const runs = createRuns({
      agents,
      nodes,
      checkContext: context,
      deps: {
        log,
        models,
        toolbox,
        knowledge,
        files,
        runFiles,
        fetch: sendWithSecrets(net.safeFetch, secrets),
        sandbox,
        quota,
      },
      liveRuns: (key) => keys.limitsOf(key).liveRuns,
      report,
      cluster: stores.cluster,
      secrets,
      onSettled(result, ms, start) {
        logSettled(logger, result, ms, start);
        metrics.runSettled(result, ms, start.agent.slug);
        telemetry?.runSettled(result, ms);
      },
      ...(telemetry && { trace: incomingTrace }),
    });
    const metrics = openMetrics({
      live: () => runs.live(),
      open: () => log.openRuns(),
      readers: openStreams,
      processes: () => stores.processes(),
      databaseBytes: () => stores.databaseBytes(),
      dataDir: env.dataDir,
      version: VERSION,
    });
    closers.push(() => runs.stop());
    const triggers = createTriggers({
      records,
      secrets,
      agents,
      runs,
      log,
      fetch: net.safeFetch,
      env,
      callsPerMinute: limits.callsPerMinute,
      now: Date.now,
      report,
      observe(outcome) {
        metrics.triggered(outcome.kind, outcome.error);
        logTrigger(logger, outcome);
      },
    });
    closers.push(() => triggers.close());
    closers.push(() => stores.stopQueue());
    const settings = createSettings({ records, log, files: runFiles, models, now: Date.now, report });
    closers.push(() => settings.close());
    const backup = createBackup(
      {
        records,
        secrets,
        files,
        blobs,
        log,
        append,
        version: VERSION,
        now: Date.now,
        restored: () => knowledge.recover(),
      },
      join(env.dataDir, "restoring"),
    );
    const services: Services = {
      env,
      nodes,
      nodeModules,
      logger,
      records,
      secrets,
      files,
      runFiles,
      tasks,
      models,
      toolbox,
      mcp,
      knowledge,
      fetch: net.safeFetch,
      sandbox,
      log,
      runs,
      conversations: runs.conversations,
      visitors,
      labels: createLabels(records),
      backup,
      agents,
      keys,
      signIns,
      quota,
      metrics,
      readiness: createReadiness(stores),
      settings,
      triggers,
    };
    return {
      services,
      start: async () => {
        await quota.start();
        await stores.start(runs, {
          async begin() {
            await tasks.resume();
            await knowledge.recover();
            await triggers.begin();
            await files.sweep();
          },
          async end() {
            await triggers.pause();
            await tasks.pause();
          },
        });
        settings.start();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
