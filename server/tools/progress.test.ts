import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunItem } from "../../runtime/event.ts";
import { scripted } from "../mcp/testing/test-services.ts";
import { chat, type TestApp, TOKEN, testApp } from "../testing/test-app.ts";
import { progressLines } from "./progress.ts";

it("passes on a line every quarter of a second, cleaned and redacted", () => {
  let time = 0;
  const lines: string[] = [];
  const report = progressLines((line) => void lines.push(line), {
    now: () => time,
    secrets: { redact: (text) => text.replaceAll("s3cret", "[secret KEY]") },
  });
  report({ progress: 1, total: 4 });
  report({ progress: 2, total: 4 });
  time += 250;
  report({ progress: 3, total: 4, message: "reads\n\u0000 s3cret" });
  time += 250;
  report({ progress: Number.NaN, message: "x".repeat(5_000) });
  time += 250;
  report({ progress: Number.NaN, total: "many" as never, message: 5 as never });
  expect(lines.slice(0, 2)).toEqual(["1/4", "3/4 reads \\u{0} [secret KEY]"]);
  expect(lines[2]!.length).toBeLessThan(250);
  expect(lines).toHaveLength(3);
  for (let i = 0; i < 5_000; i++) {
    time += 250;
    report({ progress: i });
  }
  expect(lines.length).toBeLessThanOrEqual(1_003);
});

let app: TestApp;
beforeAll(async () => {
  const list = { tools: [{ name: "crawl", inputSchema: { type: "object" } }] };
  app = await testApp();
  const { servers } = await app.json<{ servers: { seen: string }[] }>("POST", "/api/mcp-servers", {
    body: {
      name: "slow",
      ...scripted({ list, progress: { everyMs: 300, times: 3, params: { message: "a page" } } }),
      limits: { startMs: 60_000 },
    },
    status: 201,
  });
  await app.json("POST", "/api/mcp-servers/slow/approve", { body: { seen: servers[0]!.seen } });
});
afterAll(() => app.close());

it("reaches the reader of a run while the tool works, and is in no event and no message", async () => {
  const tool = "mcp/slow/crawl";
  const response = await app.request("POST", "/api/runs", {
    token: TOKEN,
    headers: { accept: "text/event-stream" },
    body: { graph: chat({ tools: [tool], approve: { [tool]: "auto" } }), input: { message: "go" } },
  });
  const items = (await response.text())
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => JSON.parse(line.slice(6)) as RunItem);
  const progress = items.filter((item) => item.type === "delta" && item.kind === "progress");
  expect(progress.map((item) => (item as { text: string }).text).join("")).toContain("1/3 a page\n");
  expect(progress.every((item) => (item as { answer: boolean }).answer === false)).toBe(true);
  const index = (type: string) => items.findIndex((item) => item.type === type);
  expect(items.indexOf(progress[0]!)).toBeGreaterThan(index("tool-start"));
  expect(items.indexOf(progress[0]!)).toBeLessThan(index("tool-end"));
  expect(JSON.stringify(items.filter((item) => item.type !== "delta"))).not.toContain("a page");
  expect(items.at(-1)).toMatchObject({ type: "run-end" });
});
