/** The command line: `patchbay …`. Results go to standard output, everything else to standard error. */
import { Command, InvalidArgumentError, Option } from "commander";
import { PatchbayError } from "../runtime/error.ts";
import type { PublishOptions } from "./cli/agents.ts";
import type { BackupFlags, RestoreFlags } from "./cli/backup.ts";
import type { Client } from "./cli/client.ts";
import { exitCode } from "./cli/failure.ts";
import { terminal } from "./cli/io.ts";
import type { RunOptions } from "./cli/run.ts";
import { type Env, parseEnv } from "./process/env.ts";
import { hasData } from "./process/server-file.ts";
import { VERSION } from "./process/version.ts";

/** Loaded on demand: help and usage errors do not need the server code. */
const agents = () => import("./cli/agents.ts");
const knowledge = () => import("./cli/knowledge.ts");
const models = () => import("./cli/models.ts");

const io = terminal;

/** Runs a command and sets its exit code. Keeps the process alive, which the threads and timers of the stores do not. */
async function keepAlive(work: () => Promise<number>): Promise<void> {
  const timer = setInterval(() => undefined, 60_000);
  try {
    process.exitCode = await work();
  } finally {
    clearInterval(timer);
  }
}

/** The environment variables, with the address of `--server`. */
function variables(): Record<string, string | undefined> {
  const { server } = program.opts<{ server?: string }>();
  return server === undefined ? process.env : { ...process.env, PATCHBAY_SERVER: server };
}

/** The parsed environment. Writes its warnings. */
function environment(): Env {
  const env = parseEnv(variables());
  for (const warning of env.warnings) io.err(`${warning}\n`);
  return env;
}

/** The environment of a command that works on the data folder of this machine. */
function localEnvironment(command: string): Env {
  const env = environment();
  if (env.server === undefined) return env;
  throw new PatchbayError(
    "bad_request",
    `${command} works on this machine only. Run it on the machine of ${env.server}.`,
  );
}

/** `create`: the command may start a new data folder. */
async function withClient(
  work: (client: Client) => Promise<number>,
  options: { create?: boolean } = {},
): Promise<void> {
  await keepAlive(async () => {
    const { openClient } = await import("./cli/client.ts");
    const client = await openClient(environment(), options);
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  });
}

const program = new Command("patchbay")
  .description("Run, check and publish agents, and manage knowledge and models, without the editor.")
  .version(VERSION)
  // Before the commands, which copy it.
  .exitOverride()
  .option(
    "--server <url>",
    "use the server at this address (default: PATCHBAY_SERVER), with the token in PATCHBAY_TOKEN",
  )
  .showHelpAfterError("(run patchbay --help for usage)")
  .configureOutput({ outputError: (text, write) => write(text) })
  .addHelpText(
    "after",
    `
Commands use the server at --server, or the one that runs on the data folder (PATCHBAY_DATA, default ./data). Without
one, they open the folder.
Exit codes: 0 success · 1 failed, or an error was found · 2 wrong usage · 3 a run waits for a person.`,
  );

program
  .command("run")
  .description("run an agent file and write the reply")
  .argument("<file>", "an agent file; - is standard input")
  .option("-m, --message <text>", "the message (default: standard input)")
  .option("-i, --input <name=value>", "value of a declared field, JSON unless it is a text; repeatable", field, {})
  .option("-s, --stream", "write the reply as it arrives, and a line per tool call")
  .option("--json", "write the whole result as JSON")
  .option("--session <id>", "continue this conversation")
  .option("--user <id>", "id of the end user")
  .addOption(new Option("--approve <what>", "approve or reject all tool calls").choices(["all", "none"]))
  .action((file: string, options: RunOptions) =>
    withClient(async (client) => (await import("./cli/run.ts")).runFile(client, file, options, io), { create: true }),
  );

program
  .command("check")
  .description("validate agent files, as the editor does")
  .argument("<files...>", "agent files; - is standard input")
  .option("--json", "write the issues as JSON")
  .option("--strict", "warnings count as errors")
  .option("--graph-only", "do not check that models, tools and knowledge exist")
  .action(async (files: string[], options: { json?: boolean; strict?: boolean; graphOnly?: boolean }) => {
    const env = environment();
    if (!options.graphOnly && (env.server !== undefined || hasData(env)))
      return await withClient(async (client) => (await agents()).check(client, files, options, io));
    if (!options.graphOnly) io.err(`No data in ${env.dataDir} yet: models, tools and knowledge are not checked.\n`);
    process.exitCode = await (await agents()).check(undefined, files, options, io);
  });

program
  .command("import")
  .description("save an agent file as an agent and write its id")
  .argument("<file>", "an agent file; - is standard input")
  .option("--replace <agent>", "save as the next revision of this agent (id, slug or name)")
  .action((file: string, options: { replace?: string }) =>
    withClient(async (client) => (await agents()).importFile(client, file, options, io), { create: true }),
  );

program
  .command("export")
  .description("write an agent as a file")
  .argument("<agent>", "id, slug or name")
  .option("-o, --output <file>", "output file (default: standard output)")
  .action((agent: string, options: { output?: string }) =>
    withClient(async (client) => (await agents()).exportAgent(client, agent, options, io)),
  );

program
  .command("publish")
  .description("publish an agent file or a saved agent, and write its slug and version")
  .argument("<file>", "an agent file, or the id, slug or name of an agent")
  .option("--slug <slug>", "slug; a file replaces the draft of the agent with this slug")
  .option("--note <text>", "note about this version")
  .addOption(new Option("--access <who>", "access to its chat page").choices(["private", "link", "public"]))
  .option("--live", "make it live also when another version was made live by hand or a share is set")
  .option("--no-live", "publish without changing what is live")
  .option("--share <part>", "give it this share of the calls, 0 to 1, and leave the live version", share)
  .option("--force", "replace a draft that has unpublished changes")
  .option("--json", "write the result as JSON")
  .action((file: string, options: PublishOptions) =>
    withClient(async (client) => (await agents()).publish(client, file, options, io)),
  );

program
  .command("live")
  .description("make a published version live (promote, roll back), or give it a share of the calls")
  .argument("<agent>", "id, slug or name")
  .argument("<version>", "number of the version", versionNumber)
  .option("--share <part>", "share of the calls, 0 to 1; the live version gets the rest", share)
  .action((agent: string, version: number, options: { share?: number }) =>
    withClient(async (client) => (await agents()).setLive(client, agent, version, options, io)),
  );

const sets = program.command("knowledge").description("manage knowledge");
sets
  .command("list", { isDefault: true })
  .description("list knowledge")
  .option("--json", "write the list as JSON")
  .action((options: { json?: boolean }) => withClient(async (client) => (await knowledge()).list(client, options, io)));
sets
  .command("add")
  .description("add files, folders or web addresses, and wait until they are indexed")
  .argument("<name>", "the knowledge; created if it does not exist")
  .argument("<sources...>", "files, folders or http(s) addresses")
  .option(
    "--embedder <model>",
    "embedding model for new knowledge, provider/model (default: the configured one, if any)",
  )
  .option("--strict", "exit with 1 also when a file of a folder has a type that cannot be read")
  .action((name: string, sources: string[], options: { embedder?: string; strict?: boolean }) =>
    withClient(async (client) => (await knowledge()).add(client, name, sources, options, io), { create: true }),
  );
sets
  .command("search")
  .description("search knowledge; lists passages with source, score and ranks")
  .argument("<name>")
  .argument("<question>")
  .option("-n, --limit <number>", "maximum number of passages")
  .addOption(new Option("--mode <mode>").choices(["auto", "hybrid", "vector", "text"]))
  .option("--json", "write the passages as JSON")
  .action((name: string, question: string, options: { limit?: string; mode?: string; json?: boolean }) =>
    withClient(async (client) => (await knowledge()).search(client, name, question, options, io)),
  );
sets
  .command("reindex")
  .description("rebuild the index; searches use the old one until it is complete")
  .argument("<name>")
  .option("--embedder <model>", "new embedding model, provider/model, or none")
  .action((name: string, options: { embedder?: string }) =>
    withClient(async (client) => (await knowledge()).reindex(client, name, options, io)),
  );
sets
  .command("export")
  .description("write knowledge with its documents as JSON Lines")
  .argument("<name>")
  .option("-o, --output <file>", "output file (default: standard output)")
  .action((name: string, options: { output?: string }) =>
    withClient(async (client) => (await knowledge()).exportKnowledge(client, name, options, io)),
  );
sets
  .command("import")
  .description("import documents from a knowledge export")
  .argument("<file>")
  .option("--name <name>", "knowledge to import into (default: the exported name)")
  .action((file: string, options: { name?: string }) =>
    withClient(async (client) => (await knowledge()).importKnowledge(client, file, options, io), { create: true }),
  );

const localModels = program.command("models").description("list models, and install local models");
localModels
  .command("list", { isDefault: true })
  .description("list the models of all providers")
  .option("--json", "write the list as JSON")
  .action((options: { json?: boolean }) => withClient(async (client) => (await models()).list(client, options, io)));
localModels
  .command("install")
  .description(
    "install a GGUF model, and on first use the program that runs it, in the data folder; resumes an interrupted download",
  )
  .argument("<source>", "a file, or the http(s) address of a file")
  .option("--name <name>", "model name (default: from the file name)")
  .option("--context <tokens>", "context size in tokens (default: the model's own, at most 8192)")
  .option(
    "--runtime <builds...>",
    "more builds of llama.cpp in addition to the CPU build: linux-x64-cuda, linux-x64-vulkan, …",
  )
  .action((source: string, options: { name?: string; context?: string; runtime?: string[] }) =>
    keepAlive(async () => (await models()).install(localEnvironment("models install"), source, options, io)),
  );
localModels
  .command("remove")
  .description("delete the file of a local model")
  .argument("<name>")
  .action((name: string) => keepAlive(async () => (await models()).remove(localEnvironment("models remove"), name)));

program
  .command("login")
  .description("write a new sign-in link of the running server: single-use, valid for ten minutes")
  .action(() =>
    withClient(async (client) => {
      if (!client.origin)
        throw new PatchbayError(
          "unavailable",
          "No server is running on this data folder. Start it with npm start, which prints a sign-in link.",
        );
      io.out(`${(await client.call<{ url: string }>("POST", "/api/sign-in-links", {})).url}\n`);
      return 0;
    }),
  );

program
  .command("serve")
  .description("start the server")
  .addOption(
    new Option("--role <role>", "serve requests, run tasks and runs, or both")
      .choices(["web", "worker", "all"])
      .default("all"),
  )
  .option("--no-editor", "API only, without the editor")
  .action(async () => {
    // main.ts reads its own options from the command line.
    await import("./main.ts");
  });

program
  .command("backup")
  .description("write everything to one file: agents with their history, tools, knowledge, files, keys, settings")
  .argument("<file>", "an archive (.tar.gz); - is standard output")
  .option("--runs", "include ended runs")
  .option("--secrets", "include secrets, encrypted with a passphrase that you are asked for")
  .option("--passphrase-file <file>", "read the passphrase from the first line of this file")
  .action((file: string, options: BackupFlags) =>
    withClient(async (client) => (await import("./cli/backup.ts")).backup(client, file, options, io)),
  );

program
  .command("restore")
  .description("restore a backup as a whole, or change nothing if it is invalid")
  .argument("<file>")
  .option("--merge", "add to the existing data; existing records stay")
  .option("--without-secrets", "skip the secrets in the backup")
  .option("--passphrase-file <file>", "read the passphrase from the first line of this file")
  .action((file: string, options: RestoreFlags) =>
    withClient(async (client) => (await import("./cli/backup.ts")).restore(client, file, options, io), {
      create: true,
    }),
  );

program
  .command("doctor")
  .description("check the installation and say how to fix problems")
  .option("--json", "write the findings as JSON: { check, state: ok | warn | bad, text }")
  .action((options: { json?: boolean }) =>
    keepAlive(async () => (await import("./cli/doctor.ts")).doctor(variables(), io, options)),
  );

function field(text: string, before: Record<string, string>): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Use name=value.");
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

function versionNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("Use the number of a version, such as 3.");
  return Number(text);
}

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("Use a number between 0 and 1, such as 0.1.");
  return value;
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode(error, io);
}
