import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Packages that are large or seldom needed, and so loaded when they are first used. */
const LATER =
  /node_modules\/(@ai-sdk|@a2a-js|@lancedb|@modelcontextprotocol|@opentelemetry\/(?!api)|apache-arrow|gpt-tokenizer|graphile-worker|isolated-vm|node-llama-cpp|pg|undici|vite|yaml)\//g;

test("a start loads no SDK, no driver and no parser that it does not use", async () => {
  const data = mkdtempSync(join(tmpdir(), "patchbay-start-"));
  const program = `
    import { registerHooks } from "node:module";
    const urls = [];
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
    const { log } = console;
    console.log = (line) => {
      if (String(line).startsWith("Patchbay is ready")) {
        log(urls.join("\\n"));
        process.exit(0);
      }
    };
    process.argv.push("--no-editor");
    await import(${JSON.stringify(new URL("./start.mjs", import.meta.url).href)});`;
  try {
    writeFileSync(join(data, "program.mjs"), program);
    const { stdout } = await promisify(execFile)(process.execPath, [join(data, "program.mjs")], {
      env: {
        PATH: process.env.PATH,
        PATCHBAY_DATA: data,
        PATCHBAY_TOKEN: "start-test-token-0123456789abcdef",
        PORT: "0",
      },
      maxBuffer: 10_000_000,
    });
    expect(stdout).toContain("server/open-services.ts");
    expect(new Set([...stdout.matchAll(LATER)].map(([, name]) => name))).toEqual(new Set());
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});
