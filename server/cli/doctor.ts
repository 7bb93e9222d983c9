/** `patchbay doctor`: checks the installation, and says how to fix problems. */
import { type Env, parseEnv } from "../process/env.ts";
import { hasData } from "../process/server-file.ts";
import { type Client, openClient } from "./client.ts";
import { knowledge, mcpServers, models, processes, runs } from "./doctor/instance.ts";
import {
  bad,
  clock,
  disk,
  editor,
  type Finding,
  folder,
  node,
  ok,
  port,
  privateFiles,
  reach,
  warn,
} from "./doctor/machine.ts";
import type { Io } from "./io.ts";

/**
 * Writes one line per finding, or with `json` an array. Returns exit code 1 when a finding is bad; warnings do not count.
 * Checks that depend on a failed one are skipped.
 */
export async function doctor(
  vars: Record<string, string | undefined>,
  io: Io,
  options: { json?: boolean } = {},
): Promise<number> {
  const all: Finding[] = [];
  const report = (...findings: Finding[]) => {
    for (const finding of findings) {
      all.push(finding);
      if (!options.json) io.out(`${{ ok: "✓", warn: "·", bad: "✗" }[finding.state]} ${finding.text}\n`);
    }
  };
  await runChecks(vars, report, () => all.some(({ state }) => state === "bad"));
  if (options.json) io.out(`${JSON.stringify(all, null, 2)}\n`);
  return all.some(({ state }) => state === "bad") ? 1 : 0;
}

async function runChecks(
  vars: Record<string, string | undefined>,
  report: (...findings: Finding[]) => void,
  hasFailed: () => boolean,
): Promise<void> {
  report(node(process.versions.node));
  let env: Env;
  try {
    env = parseEnv(vars);
    report(ok("environment", "The environment variables are valid."));
  } catch (error) {
    return report(bad("environment", message(error)));
  }
  report(...env.warnings.map((text) => warn("environment", text)));
  if (env.server === undefined)
    report(folder(env.dataDir), disk(env.dataDir), ...privateFiles(env.dataDir), editor(), clock(Date.now()));
  if (hasFailed()) return;
  // Opening the stores would create them.
  if (env.server === undefined && !hasData(env)) return report(await port(env));
  let client: Client;
  try {
    client = await openClient(env);
  } catch (error) {
    return report(bad("storage", message(error)));
  }
  try {
    report(
      client.origin ? ok("server", `A server is running at ${client.origin}.`) : await port(env),
      ...(env.server === undefined
        ? [ok("storage", `${storageOf(env)} can be opened, and the secrets key is correct.`), ...reach(env)]
        : []),
    );
    for (const [check, ask] of Object.entries({ processes, models, knowledge, mcp: mcpServers, runs }))
      try {
        report(...(await ask(client)));
      } catch (error) {
        report(bad(check, message(error)));
      }
  } finally {
    await client.close();
  }
}

function storageOf({ databaseUrl, files, vectors }: Env): string {
  const database = databaseUrl
    ? `PostgreSQL at ${new URL(databaseUrl).host}`
    : "The records and runs in the data folder";
  const bucket = typeof files === "object" ? `, the bucket "${files.bucket}" for files` : "";
  const index = typeof vectors === "object" ? `, the bucket "${vectors.bucket}" for the index` : "";
  return `${database}${bucket}${index}`;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
