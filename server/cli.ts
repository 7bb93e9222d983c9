/** The command line: `patchbay …`. Results go to standard output, everything else to standard error. */
import { Command, InvalidArgumentError, Option } from "commander";
import { PatchbayError } from "../runtime/error.ts";
import type { BackupFlags, RestoreFlags } from "./cli/backup.ts";
import type { Client } from "./cli/client.ts";
import { terminal } from "./cli/io.ts";
import type { RunOptions } from "./cli/run.ts";
import { parseEnv } from "./process/env.ts";
import { hasData } from "./process/server-file.ts";
import { VERSION } from "./process/version.ts";

/** Loaded when a command needs them: help and mistakes are answered without the whole server. */
const agents = () => import("./cli/agents.ts");
const knowledge = () => import("./cli/knowledge.ts");
const models = () => import("./cli/models.ts");

const io = terminal;

/** Runs a command and leaves with its exit code. The stores' own threads and timers hold no process; this does. */
async function held(work: () => Promise<number>): Promise<void> {
  const alive = setInterval(() => undefined, 60_000);
  try {
    process.exitCode = await work();
  } finally {
    clearInterval(alive);
  }
}

async function withClient(work: (client: Client) => Promise<number>): Promise<void> {
  await held(async () => {
    const { openClient } = await import("./cli/client.ts");
    const client = await openClient(parseEnv(process.env));
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  });
}

const program = new Command("patchbay")
  .description("Agents without the editor: run, check, publish, and fill their knowledge.")
  .version(VERSION)
  .showHelpAfterError("(patchbay --help shows what there is)")
  .configureOutput({ outputError: (text, write) => write(text) })
  .addHelpText(
    "after",
    `
Commands talk to the server that runs on the data folder (PATCHBAY_DATA, ./data), else they open it themselves.
Exit codes: 0 done · 1 failed, or an error was found · 2 called wrongly · 3 a run waits for a person.`,
  );

program
  .command("run")
  .description("run an agent file and write its answer")
  .argument("<file>", "an agent file; - is standard input")
  .option("-m, --message <text>", "what to ask; else standard input")
  .option("-i, --input <name=value>", "a declared field; may be given several times", field, {})
  .option("-s, --stream", "write the answer as it comes, and a line for each tool call")
  .option("--json", "write the whole result as JSON")
  .option("--session <id>", "go on with this conversation")
  .option("--user <id>", "the end user's id")
  .addOption(new Option("--approve <what>", "answer every question about a tool").choices(["all", "none"]))
  .action((file: string, options: RunOptions) =>
    withClient(async (client) => (await import("./cli/run.ts")).runFile(client, file, options, io)),
  );

program
  .command("check")
  .description("say what is wrong with agent files: the same verdict as in the editor")
  .argument("<files...>", "agent files; - is standard input")
  .option("--json", "write the issues as JSON")
  .option("--strict", "warnings count as errors")
  .option("--graph-only", "do not look whether models, tools and knowledge are there")
  .action(async (files: string[], options: { json?: boolean; strict?: boolean; graphOnly?: boolean }) => {
    const env = parseEnv(process.env);
    if (!options.graphOnly && hasData(env))
      return await withClient(async (client) => (await agents()).check(client, files, options, io));
    if (!options.graphOnly)
      io.err(`There is no data at ${env.dataDir} yet: models, tools and knowledge are not looked at.\n`);
    process.exitCode = await (await agents()).check(undefined, files, options, io);
  });

program
  .command("import")
  .description("save an agent file as an agent and write its id")
  .argument("<file>", "an agent file; - is standard input")
  .option("--replace <agent>", "over this agent (id, slug or name), as its next revision")
  .action((file: string, options: { replace?: string }) =>
    withClient(async (client) => (await agents()).importFile(client, file, options, io)),
  );

program
  .command("export")
  .description("write an agent as its file")
  .argument("<agent>", "id, slug or name")
  .option("-o, --output <file>", "into this file")
  .action((agent: string, options: { output?: string }) =>
    withClient(async (client) => (await agents()).exportAgent(client, agent, options, io)),
  );

program
  .command("publish")
  .description("publish an agent file, or a saved agent, and write its address")
  .argument("<file>", "an agent file, or the id, slug or name of an agent")
  .option("--slug <slug>", "its address; a file goes over the agent that has it")
  .option("--note <text>", "what is new in this version")
  .addOption(new Option("--access <who>", "who may open its chat page").choices(["private", "link", "public"]))
  .action((file: string, options: { slug?: string; note?: string; access?: string }) =>
    withClient(async (client) => (await agents()).publish(client, file, options, io)),
  );

const sets = program.command("knowledge").description("documents that agents answer from");
sets
  .command("list", { isDefault: true })
  .description("what there is")
  .action(() => withClient(async (client) => (await knowledge()).list(client, io)));
sets
  .command("add")
  .description("add files, folders and addresses, and wait until they can be found")
  .argument("<name>", "the knowledge; made where it is not there")
  .argument("<places...>", "files, folders, http(s) addresses")
  .option("--embedder <model>", "for a new one: provider/model; else the configured one, or words alone")
  .action((name: string, places: string[], options: { embedder?: string }) =>
    withClient(async (client) => (await knowledge()).add(client, name, places, options, io)),
  );
sets
  .command("search")
  .description("what a question finds, with its place, score and ranks")
  .argument("<name>")
  .argument("<question>")
  .option("-n, --limit <number>", "most passages")
  .addOption(new Option("--mode <mode>").choices(["auto", "hybrid", "vector", "text"]))
  .option("--json", "as JSON")
  .action((name: string, question: string, options: { limit?: string; mode?: string; json?: boolean }) =>
    withClient(async (client) => (await knowledge()).search(client, name, question, options, io)),
  );
sets
  .command("reindex")
  .description("make the index anew; the old one answers until then")
  .argument("<name>")
  .option("--embedder <model>", "provider/model from now on; none takes it away")
  .action((name: string, options: { embedder?: string }) =>
    withClient(async (client) => (await knowledge()).reindex(client, name, options, io)),
  );
sets
  .command("export")
  .description("write a knowledge with its documents as JSON Lines")
  .argument("<name>")
  .option("-o, --output <file>", "into this file")
  .action((name: string, options: { output?: string }) =>
    withClient(async (client) => (await knowledge()).exportKnowledge(client, name, options, io)),
  );
sets
  .command("import")
  .description("add the documents of an exported knowledge")
  .argument("<file>")
  .option("--name <name>", "into this knowledge")
  .action((file: string, options: { name?: string }) =>
    withClient(async (client) => (await knowledge()).importKnowledge(client, file, options, io)),
  );

const localModels = program.command("models").description("what can be chosen, and models that run on this machine");
localModels
  .command("list", { isDefault: true })
  .description("the models of all providers")
  .action(() => withClient(async (client) => (await models()).list(client, io)));
localModels
  .command("install")
  .description(
    "bring a GGUF model, and once the program that runs it, into the data folder; goes on where it was broken off",
  )
  .argument("<source>", "a file, or the http(s) address of one")
  .option("--name <name>", "else made from the file's name")
  .option("--context <tokens>", "tokens of context to allot; else the model's own, at most 8192")
  .option(
    "--runtime <builds...>",
    "other builds of llama.cpp beside the one for the processor: linux-x64-cuda, linux-x64-vulkan, …",
  )
  .action((source: string, options: { name?: string; context?: string; runtime?: string[] }) =>
    held(async () => (await models()).install(parseEnv(process.env), source, options, io)),
  );
localModels
  .command("remove")
  .description("delete a local model's file")
  .argument("<name>")
  .action((name: string) => held(async () => (await models()).remove(parseEnv(process.env), name)));

program
  .command("login")
  .description("write a fresh sign-in link of the running server: single-use, good for ten minutes")
  .action(() =>
    withClient(async (client) => {
      if (!client.origin)
        throw new PatchbayError(
          "unavailable",
          "No server runs on this data folder. Start it with npm start: it writes a link.",
        );
      io.out(`${(await client.call<{ url: string }>("POST", "/api/sign-in-links", {})).url}\n`);
      return 0;
    }),
  );

program
  .command("serve")
  .description("start the server")
  .addOption(
    new Option("--role <role>", "answer requests, do the work, or both")
      .choices(["web", "worker", "all"])
      .default("all"),
  )
  .option("--no-editor", "without the editor")
  .action(async () => {
    // main.ts reads its own options from the command line.
    await import("./main.ts");
  });

program
  .command("backup")
  .description("write everything into one file: agents with their history, tools, knowledge, files, keys, settings")
  .argument("<file>", "an archive (.tar.gz); - is standard output")
  .option("--runs", "with the runs that have ended")
  .option("--secrets", "with the secrets, sealed with a passphrase that is asked for")
  .option("--passphrase-file <file>", "take the passphrase from its first line")
  .action((file: string, options: BackupFlags) =>
    withClient(async (client) => (await import("./cli/backup.ts")).backup(client, file, options, io)),
  );

program
  .command("restore")
  .description("bring a backup back: all of it, or nothing where anything is wrong with it")
  .argument("<file>")
  .option("--merge", "add to what is here; what is here under the same name stays")
  .option("--without-secrets", "leave out the secrets that are in it")
  .option("--passphrase-file <file>", "take the passphrase from its first line")
  .action((file: string, options: RestoreFlags) =>
    withClient(async (client) => (await import("./cli/backup.ts")).restore(client, file, options, io)),
  );

program
  .command("doctor")
  .description("look at the installation and say how to mend what is wrong")
  .option("--json", "write the findings as JSON: { check, state: ok | warn | bad, text }")
  .action((options: { json?: boolean }) =>
    held(async () => (await import("./cli/doctor.ts")).doctor(process.env, io, options)),
  );

function field(text: string, before: Record<string, string>): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Write it as name=value.");
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

program.exitOverride();
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}

/** What was called wrongly is 2, as commander has told it already; our own errors are one line and their issues. */
function exitCode(error: unknown): number {
  if (error instanceof Error && "code" in error && String(error.code).startsWith("commander."))
    return (error as { exitCode?: number }).exitCode === 0 ? 0 : 2;
  if (error instanceof PatchbayError) {
    io.err(`${error.message}\n`);
    for (const issue of error.issues ?? [])
      io.err(
        `  ${issue.severity} ${issue.code}${issue.node ? ` at ${issue.node}` : ""}: ${issue.message}${issue.fix ? ` ${issue.fix}` : ""}\n`,
      );
    return 1;
  }
  io.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}
