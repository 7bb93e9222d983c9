import { afterAll, describe, expect, it } from "vitest";
import { createSandbox } from "./sandbox.ts";

const sandbox = createSandbox({ size: 2, memoryMb: 32 });
afterAll(() => sandbox.close());
const never = new AbortController().signal;
const run = (source: string, input: Record<string, unknown> = {}, timeoutMs = 2000) =>
  sandbox.evaluate(source, input, { timeoutMs }, never);

describe("what code can do", () => {
  it.each([
    ["1 + 1", 2],
    ["return input.a * 2", 42],
    ["const x = input.a; x + 1", 22],
    ["return await Promise.resolve(input.list.map((x) => x * 2))", [2, 4]],
    ["async function f() { return 5 } f()", 5],
    ["if (input.a > 5) { return 'big' } return 'small'", "big"],
    ["({ zh: '你好', d: new Date(0) })", { zh: "你好", d: "1970-01-01T00:00:00.000Z" }],
    ["console.log('x'); undefined", null],
    ["[typeof WebAssembly, typeof SharedArrayBuffer, typeof Atomics]", ["undefined", "undefined", "undefined"]],
    ["JSON.stringify = () => 'no JSON'; ({ a: 1 })", { a: 1 }],
    ["// nothing", null],
    ["let n = 0; for (let i = 0; i < 1e6; i++) n += i; n", 499999500000],
    ["return /a+b/.exec('caaab')[0] // a comment at the end", "aaab"],
  ])("%s", async (source, value) => {
    expect(await run(source, { a: 21, list: [1, 2] })).toEqual(value);
  });

  it("receives a copy of its input", async () => {
    const input = { list: [1] };
    expect(await run("input.list.push(2); return input", input)).toEqual({ list: [1, 2] });
    expect(input).toEqual({ list: [1] });
  });

  it("no state is kept between runs", async () => {
    await run("globalThis.kept = 1; Array.prototype.map = null; Object.prototype.x = 1");
    for (let i = 0; i < 4; i++)
      expect(await run("[typeof globalThis.kept, typeof [].map, typeof ({}).x]")).toEqual([
        "undefined",
        "function",
        "undefined",
      ]);
  });

  it("runs in parallel, in order of arrival", async () => {
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => run(`return ${i}`)));
    expect(all).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe("limits and errors", () => {
  it.each([
    ["an endless loop", "while (true) {}", "code_timeout"],
    ["an endless regular expression", "/^(a+)+$/.test('a'.repeat(40) + 'b')", "code_timeout"],
    ["a promise that never settles", "return new Promise(() => {})", "code_timeout"],
    ["endless microtasks", "const f = () => Promise.resolve().then(f); return f()", /code_timeout|code_memory/],
    ["a memory bomb of objects", "const all = []; while (true) all.push(new Array(1000).fill({}))", "code_memory"],
    ["a memory bomb of buffers", "const all = []; while (true) all.push(new Uint8Array(1e7).fill(1))", "code_memory"],
    ["a memory bomb of text", "let s = 'x'; while (true) s += s + Math.random()", /code_memory|code_failed/],
    ["a huge value", "return 'x'.repeat(6e6)", "code_failed"],
    ["a throw", "const a = 1;\nthrow new TypeError('boom')", "code_failed"],
    ["a throw of no error", "throw { toString() { throw 1 } }", "code_failed"],
    ["a syntax error", "const = 5", "code_failed"],
    ["a stack without end", "function f() { return f() + 1 } return f()", "code_failed"],
    ["a value that is a circle", "const a = {}; a.a = a; return a", "code_failed"],
    ["a value that is nested too deep", "let a = []; for (let i = 0; i < 1e3; i++) a = [a]; return a", "code_failed"],
    [
      "a memory bomb of resizable buffers",
      "const all = []; while (true) { const b = new ArrayBuffer(1, { maxByteLength: 1e7 }); b.resize(1e7); new Uint8Array(b).fill(1); all.push(b) }",
      "code_memory",
    ],
  ])("%s", async (name, source, code) => {
    await expect(run(source, {}, name.startsWith("a memory") ? 3000 : 300)).rejects.toMatchObject({
      code: typeof code === "string" ? code : expect.stringMatching(code),
    });
    expect(await run("return 'still here'")).toBe("still here");
  });

  it("reports the line of an error", async () => {
    await expect(run("const a = 1;\n\nthrow new TypeError('boom')")).rejects.toThrow(/TypeError: boom \(line 3\)/);
    await expect(run("const a = 1;\nreturn a.b.c")).rejects.toThrow(/TypeError: .*\(line 2\)/);
    await expect(run("const = 5")).rejects.toThrow(/SyntaxError: .*\(line 1\)/);
  });

  it.each([
    "process",
    "require('fs')",
    "import('node:fs')",
    "return import('node:child_process')",
    "fetch('http://127.0.0.1/')",
    "new WebSocket('ws://127.0.0.1')",
    "setTimeout(() => {}, 1)",
    "Deno",
    "Function('return process')()",
    "this.constructor.constructor('return process')()",
    "input.constructor.constructor('return process')()",
    "globalThis.constructor.constructor('return process.mainModule')()",
    "try { null.x } catch (e) { return e.constructor.constructor('return process')() }",
    "Error.prepareStackTrace = (_, s) => s.map((f) => f.getThis?.()?.process); return new Error().stack.filter(Boolean)[0].pid",
    "return (async () => { await 0; return arguments.callee.caller.constructor('return process')() })()",
    "Promise.prototype.then.constructor('return process')()",
    "new SharedArrayBuffer(8); Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)",
  ])("there is no way out by %s", async (source) => {
    const outcome = await run(source, {}, 300).then(
      (value) => ({ value }),
      (thrown: { code: string }) => ({ code: thrown.code }),
    );
    expect(JSON.stringify(outcome)).toMatch(/^\{"code":"code_(failed|timeout)"\}$/);
  });

  it("the child process cannot read files, start processes, or read our environment", async () => {
    // What an escape from the isolate could do, played by code in a process with the same permissions.
    const { spawnSync } = await import("node:child_process");
    const probe = `
      const tries = {};
      const attempt = async (name, run) => { try { await run(); tries[name] = "open" } catch (e) { tries[name] = e.code } };
      await attempt("read", async () => (await import("node:fs")).readFileSync("/etc/passwd"));
      await attempt("write", async () => (await import("node:fs")).writeFileSync("/tmp/patchbay-sandbox-probe", "x"));
      await attempt("process", async () => { const r = (await import("node:child_process")).spawnSync("true"); if (r.error) throw r.error; });
      await attempt("worker", async () => new (await import("node:worker_threads")).Worker("", { eval: true }));
      console.log(JSON.stringify(tries));`;
    const { stdout } = spawnSync(
      process.execPath,
      ["--permission", "--allow-addons", "--no-warnings", "--input-type=module", "-e", probe],
      { env: {}, encoding: "utf8" },
    );
    expect(JSON.parse(stdout)).toEqual({
      read: "ERR_ACCESS_DENIED",
      write: "ERR_ACCESS_DENIED",
      process: "ERR_ACCESS_DENIED",
      worker: "ERR_ACCESS_DENIED",
    });
  });

  it("a key __proto__ is removed from the result", async () => {
    const value = (await run('return JSON.parse(\'{"__proto__": {"polluted": 1}, "a": 1}\')')) as object;
    expect(Object.hasOwn(value, "__proto__")).toBe(false);
    expect(value).toEqual({ a: 1 });
  });

  it("an abort ends running and waiting code at once", async () => {
    const stop = new AbortController();
    const all = Array.from({ length: 4 }, () =>
      sandbox.evaluate("while (true) {}", {}, { timeoutMs: 30_000 }, stop.signal),
    );
    setImmediate(() => stop.abort(new Error("stopped")));
    for (const outcome of await Promise.allSettled(all))
      expect(outcome).toMatchObject({ status: "rejected", reason: { message: "stopped" } });
    expect(await run("return 1")).toBe(1);
  });

  it("without the engine, code fails with a message", async () => {
    const without = createSandbox({ engine: "no-such-engine" });
    await expect(without.evaluate("1", {}, { timeoutMs: 100 }, never)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("could not be loaded"),
    });
    await without.close();
  });

  it("closing ends the child processes", async () => {
    const other = createSandbox();
    await other.evaluate("1", {}, { timeoutMs: 100 }, never);
    const busy = other
      .evaluate("while (true) {}", {}, { timeoutMs: 5000 }, never)
      .catch((thrown: { code: string }) => thrown.code);
    await other.close();
    expect(["unavailable", "code_memory"]).toContain(await busy);
    await expect(other.evaluate("1", {}, { timeoutMs: 100 }, never)).rejects.toMatchObject({ code: "unavailable" });
  });
});
