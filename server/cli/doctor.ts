/** `patchbay doctor`: looks at everything that an installation needs, and says how to mend what is wrong. */
import { type Env, parseEnv } from "../process/env.ts";
import { type Client, openClient } from "./client.ts";
import { knowledge, mcpServers, models, runs } from "./doctor/instance.ts";
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
} from "./doctor/machine.ts";
import type { Io } from "./io.ts";

/**
 * Writes a line a finding, or with `json` all of them as an array. Exit code 1 where something is bad; a warning is no
 * fault. What rests on something bad is not looked at.
 */
export async function doctor(
  vars: Record<string, string | undefined>,
  io: Io,
  options: { json?: boolean } = {},
): Promise<number> {
  const all: Finding[] = [];
  const tell = (...findings: Finding[]) => {
    for (const finding of findings) {
      all.push(finding);
      if (!options.json) io.out(`${{ ok: "✓", warn: "·", bad: "✗" }[finding.state]} ${finding.text}\n`);
    }
  };
  await look(vars, tell, () => all.some(({ state }) => state === "bad"));
  if (options.json) io.out(`${JSON.stringify(all, null, 2)}\n`);
  return all.some(({ state }) => state === "bad") ? 1 : 0;
}

async function look(
  vars: Record<string, string | undefined>,
  tell: (...findings: Finding[]) => void,
  isBad: () => boolean,
): Promise<void> {
  tell(node(process.versions.node));
  let env: Env;
  try {
    env = parseEnv(vars);
    tell(ok("environment", "The environment is well-formed."));
  } catch (error) {
    return tell(bad("environment", message(error)));
  }
  tell(folder(env.dataDir), disk(env.dataDir), ...privateFiles(env.dataDir), editor(), clock(Date.now()));
  if (isBad()) return;
  let client: Client;
  try {
    client = await openClient(env);
  } catch (error) {
    return tell(bad("storage", message(error)));
  }
  try {
    tell(
      client.origin ? ok("server", `A server runs at ${client.origin}.`) : await port(env),
      ok("storage", `${storageOf(env)} can be opened; the key opens the secrets.`),
      ...reach(env),
    );
    for (const [check, ask] of Object.entries({ models, knowledge, mcp: mcpServers, runs }))
      try {
        tell(...(await ask(client)));
      } catch (error) {
        tell(bad(check, message(error)));
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
