/**
 * The child process of the sandbox: runs one piece of code at a time, each in a new V8 isolate of its own. It is
 * started with Node's permission model (no files but its own, no processes), an empty environment and no way back but
 * this message channel. Code sees JavaScript and `input`, and nothing of Node.
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

export type Answer =
  | { id: number; ok: true; json: string }
  | { id: number; ok: false; code: "code_failed" | "code_timeout" | "code_memory"; message: string };

export type Hello = { ready: true } | { ready: false; why: string };

const say = (message: Answer | Hello) => process.send!(message);

/** Runs inside the isolate: `$0` the input, `$1` the source, `$2` whether it is a script (its last value counts) or a body (its `return` counts). */
const RUN = `return (async () => {
  const run = $2 ? (0, eval)("(source) => (0, eval)(source)") : Object.getPrototypeOf(async function () {}).constructor;
  globalThis.input = JSON.parse($0);
  const value = await ($2 ? run($1) : run($1)());
  const json = JSON.stringify(value);
  return json === undefined ? "null" : json;
})()`;
const CONSOLE =
  "globalThis.console = Object.fromEntries(['log','info','warn','error','debug'].map((name) => [name, () => {}]));";

let ivm: typeof IsolatedVm | undefined;
try {
  ivm = (await import("isolated-vm")).default;
  say({ ready: true });
} catch (thrown) {
  say({ ready: false, why: thrown instanceof Error ? thrown.message.split("\n")[0]! : String(thrown) });
}

process.on("message", (job: Job) => {
  void run(job).then(say, (thrown: unknown) =>
    say({ id: job.id, ok: false, code: "code_failed", message: String(thrown) }),
  );
});
process.on("disconnect", () => process.exit(0));

async function run(job: Job): Promise<Answer> {
  const isolate = new ivm!.Isolate({ memoryLimit: job.memoryMb });
  const fail = (code: "code_failed" | "code_timeout" | "code_memory", message: string): Answer => ({
    id: job.id,
    ok: false,
    code,
    message,
  });
  // `timeout` stops a busy script; a promise that never settles is stopped here
  let late = false;
  let bodyLines = 0;
  const timer = setTimeout(() => {
    late = true;
    if (!isolate.isDisposed) isolate.dispose();
  }, job.timeoutMs + 20);
  // out of memory in a place where V8 cannot throw: the isolate is gone and its code still turns. Only the end of the
  // process helps, which the parent sees to once it has this answer
  const watch = setInterval(() => {
    if (isolate.isDisposed && !late) say(fail("code_memory", `It used more than ${job.memoryMb} MB.`));
  }, 50);
  try {
    const asScript = await compiles(isolate, job.source);
    if (asScript !== undefined) {
      const asBody = await compiles(isolate, `(async () => {${job.source}\n})`);
      if (asBody !== undefined) return fail("code_failed", asBody);
      bodyLines = 2; // a function made from text has two lines of its own before its body
    }
    const context = await isolate.createContext();
    await context.eval(CONSOLE);
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
    if (late || /timed out|isolate was disposed|isolate is (?:already )?disposed/i.test(message))
      return fail("code_timeout", `It did not end within ${job.timeoutMs} ms.`);
    return fail("code_failed", describe(thrown, bodyLines));
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    if (!isolate.isDisposed) isolate.dispose();
  }
}

/** Why a text does not parse; `undefined` when it does. Nothing is run. */
async function compiles(isolate: IsolatedVm.Isolate, source: string): Promise<string | undefined> {
  try {
    (await isolate.compileScript(source, { filename: "tool.js" })).release();
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return describe(thrown);
  }
}

/** `Error: boom (line 2)`, of the code's own lines; `before` are those that were put above it. */
function describe(thrown: unknown, before = 0): string {
  if (!(thrown instanceof Error)) return String(thrown).slice(0, 1000);
  const stack = thrown.stack ?? "";
  const evaluated = /<anonymous>:(\d+)/.exec(stack)?.[1];
  const parsed = /tool\.js:(\d+)/.exec(stack)?.[1];
  const line = evaluated ? Number(evaluated) - before : parsed ? Number(parsed) : 0;
  const message = thrown.message.replace(/ \[(?:tool\.js|<[^>]*>)[^\]]*\]$/, "");
  return `${thrown.name}: ${message.slice(0, 1000)}${line > 0 ? ` (line ${line})` : ""}`;
}
