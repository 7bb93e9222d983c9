import { expect, test } from "vitest";
import { createLogger, type LoggerOptions } from "./logger.ts";

function logger(options: LoggerOptions & { isTTY?: boolean } = {}) {
  let text = "";
  const log = createLogger({ ...options, out: { isTTY: options.isTTY, write: (more) => (text += more) } });
  return { log, lines: () => text.split("\n").filter(Boolean), text: () => text };
}

test("without a terminal each entry is a JSON line, errors with their stack", () => {
  const { log, lines } = logger();
  log.info("request", { path: "/v1/runs", status: 200 });
  log.debug("not logged", {});
  log.report(new Error("outer", { cause: new Error("inner") }), { request: "r1" });
  log.report("not an error");
  const entries = lines().map((line) => JSON.parse(line));
  expect(entries).toMatchObject([
    { level: "info", msg: "request", path: "/v1/runs", status: 200, time: expect.stringMatching(/^20\d\d-.*Z$/) },
    {
      level: "error",
      msg: expect.stringContaining("outer"),
      request: "r1",
      err: { stack: expect.stringMatching(/inner/) },
    },
    { level: "error", msg: "not an error" },
  ]);
});

test("on a terminal only warnings and errors are written, one line each with the stack below", () => {
  const { log, lines } = logger({ isTTY: true });
  log.info("calm");
  log.warn("Port taken", { port: 4400 });
  log.report(new TypeError("x is no function"));
  expect(lines()[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}Port taken port=4400$/);
  expect(lines()[1]).toMatch(/error x is no function$/);
  expect(lines()[2]).toMatch(/^ {4}TypeError: x is no function$/);
});

test("secrets are removed by value and by form, from messages, fields and stacks", () => {
  const { log, text } = logger();
  const secret = 'correct "horse" battery';
  log.redactWith((line) => line.replaceAll(JSON.stringify(secret).slice(1, -1), "[secret API]"));
  log.warn(`asked with ${secret}`, { header: `Bearer ${"a1".repeat(20)}` });
  log.report(new Error(`postgres://app:hunter22@db.internal/x refused; key pb_${"k".repeat(43)}`));
  expect(text()).not.toMatch(/horse|hunter22|a1a1|kkkk/);
  expect(text()).toContain("[secret API]");
  expect(text()).toContain("postgres://app:[secret]@db.internal/x");
});
