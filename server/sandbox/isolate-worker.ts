/**
 * The child process of the sandbox. Runs one piece of code at a time, each in a new V8 isolate. It is started with Node's
 * permission model (only its own files, no processes) and an empty environment, and is connected only by its message
 * channel. Code has JavaScript and `input`, and nothing of Node.
 */
import type IsolatedVm from "isolated-vm";

export interface Job {
  id: number;
  source: string;
  /** JSON of the input. */
  input: string;
  timeoutMs: number;
  memoryMb: number;
  maxOutput: number;
}

export type JobResult =
  | { id: number; ok: true; json: string }
  | { id: number; ok: false; code: "code_failed" | "code_timeout" | "code_memory"; message: string };

export type ReadyMessage = { ready: true } | { ready: false; why: string };

const send = (message: JobResult | ReadyMessage) => process.send!(message);

/** Runs inside the isolate. `$0`: the input. `$1`: the source. `$2`: true for a script (returns its last value), false for a function body. */
const RUN = `const { parse, stringify } = JSON;
return (async () => {
  const run = $2 ? (0, eval)("(source) => (0, eval)(source)") : Object.getPrototypeOf(async function () {}).constructor;
  globalThis.input = parse($0);
  const value = await ($2 ? run($1) : run($1)());
  const json = stringify(value);
  return json === undefined ? "null" : json;
})()`;
// Memory of WebAssembly and shared buffers would not count for the isolate's limit.
const REMOVE = "delete globalThis.WebAssembly; delete globalThis.SharedArrayBuffer; delete globalThis.Atomics;";
const CONSOLE =
  "globalThis.console = Object.fromEntries(['log','info','warn','error','debug'].map((name) => [name, () => {}]));";

/** What the process may grow by during a job: input, output and V8's own structures count, too. */
const PROCESS_FACTOR = 2;
const PROCESS_SPARE_MB = 128;

let ivm: typeof IsolatedVm | undefined;
try {
  ivm = (await import("isolated-vm")).default;
  send({ ready: true });
} catch (thrown) {
  send({ ready: false, why: thrown instanceof Error ? thrown.message.split("\n")[0]! : String(thrown) });
}

process.on("message", (job: Job) => {
  void run(job).then(send, (thrown: unknown) =>
    send({ id: job.id, ok: false, code: "code_failed", message: String(thrown) }),
  );
});
process.on("disconnect", () => process.exit(0));

async function run(job: Job): Promise<JobResult> {
  const isolate = new ivm!.Isolate({ memoryLimit: job.memoryMb });
  const fail = (code: "code_failed" | "code_timeout" | "code_memory", message: string): JobResult => ({
    id: job.id,
    ok: false,
    code,
    message,
  });
  // `timeout` stops a busy script. This stops a promise that never settles.
  let isTimedOut = false;
  const rssBefore = process.memoryUsage.rss();
  let bodyLines = 0;
  const timer = setTimeout(() => {
    isTimedOut = true;
    if (!isolate.isDisposed) isolate.dispose();
  }, job.timeoutMs + 20);
  // After running out of memory, V8 may be unable to throw: the isolate is disposed and its code still runs. The parent
  // kills the process when it has this result.
  const watch = setInterval(() => {
    // Some memory, such as that of resizable buffers, does not count for the isolate: the process has a limit, too.
    const isOverLimit =
      process.memoryUsage.rss() - rssBefore > (PROCESS_FACTOR * job.memoryMb + PROCESS_SPARE_MB) * 2 ** 20;
    if ((isolate.isDisposed || isOverLimit) && !isTimedOut)
      send(fail("code_memory", `It used more than ${job.memoryMb} MB.`));
  }, 50);
  try {
    const asScript = await syntaxError(isolate, job.source);
    if (asScript !== undefined) {
      const asBody = await syntaxError(isolate, `(async () => {${job.source}\n})`);
      if (asBody !== undefined) return fail("code_failed", asBody);
      bodyLines = 2; // A function created from text has two lines before its body.
    }
    const context = await isolate.createContext();
    await context.eval(REMOVE + CONSOLE);
    const json: unknown = await context.evalClosure(RUN, [job.input, `${job.source}\n`, asScript === undefined], {
      arguments: { copy: true },
      result: { promise: true, copy: true },
      timeout: job.timeoutMs,
      filename: "tool.js",
    });
    if (typeof json !== "string") return fail("code_failed", "The code's value is not JSON.");
    if (json.length > job.maxOutput)
      return fail("code_failed", `The code's value is larger than ${job.maxOutput} characters.`);
    return { id: job.id, ok: true, json };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (/memory limit|array buffer allocation failed|out of memory/i.test(message))
      return fail("code_memory", `It used more than ${job.memoryMb} MB.`);
    if (isTimedOut || /timed out|isolate was disposed|isolate is (?:already )?disposed/i.test(message))
      return fail("code_timeout", `It did not end within ${job.timeoutMs} ms.`);
    return fail("code_failed", describe(thrown, bodyLines));
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    if (!isolate.isDisposed) isolate.dispose();
  }
}

/** The syntax error of a text, or undefined. Does not run it. */
async function syntaxError(isolate: IsolatedVm.Isolate, source: string): Promise<string | undefined> {
  try {
    (await isolate.compileScript(source, { filename: "tool.js" })).release();
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return describe(thrown);
  }
}

/** `Error: boom (line 2)`. `before`: number of lines added before the code. */
function describe(thrown: unknown, before = 0): string {
  if (!(thrown instanceof Error)) return String(thrown).slice(0, 1000);
  const stack = thrown.stack ?? "";
  const evaluated = /<anonymous>:(\d+)/.exec(stack)?.[1];
  const parsed = /tool\.js:(\d+)/.exec(stack)?.[1];
  const line = evaluated ? Number(evaluated) - before : parsed ? Number(parsed) : 0;
  const message = thrown.message.replace(/ \[(?:tool\.js|<[^>]*>)[^\]]*\]$/, "");
  return `${thrown.name}: ${message.slice(0, 1000)}${line > 0 ? ` (line ${line})` : ""}`;
}
