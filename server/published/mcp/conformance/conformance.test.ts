/** The official suite of the Model Context Protocol, against our own server: what may fail is listed, and nothing else does. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fixture, startFixture } from "./fixture.ts";

const run = promisify(execFile);
const here = import.meta.dirname;
const suite = path.join(here, "../../../../node_modules/@modelcontextprotocol/conformance/dist/index.js");

let fixture: Fixture;
let folder: string;

beforeAll(async () => {
  fixture = await startFixture();
  folder = mkdtempSync(path.join(tmpdir(), "patchbay-conformance-"));
});
afterAll(async () => {
  await fixture.close();
  rmSync(folder, { recursive: true, force: true });
});

test("every scenario passes but those of the list, and those of the list fail", async () => {
  const given = ["server", "--url", fixture.url, "--suite", "all"];
  const kept = ["--expected-failures", path.join(here, "expected-failures.yml"), "-o", folder];
  const outcome = await run(process.execPath, [suite, ...given, ...kept], { cwd: folder, maxBuffer: 16 << 20 }).catch(
    (failed: { stdout: string; stderr: string }) => {
      throw new Error(`${failed.stdout.slice(-4000)}\n${failed.stderr.slice(-2000)}`);
    },
  );
  // The ones that an agent's server stands or falls with are not on the list.
  for (const scenario of [
    "server-initialize",
    "ping",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-error",
    "tools-call-with-progress",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
  ])
    expect(outcome.stdout).toMatch(new RegExp(`✓ ${scenario}: [1-9]\\d* passed, 0 failed`));
}, 60_000);
