import { afterAll, beforeAll, expect, test } from "vitest";
import { buildApp } from "../app.ts";
import { createLogger } from "../telemetry/logger.ts";
import { chat, type TestApp, testApp } from "../testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

test("each request is one log line with key, path and status, without content", async () => {
  let text = "";
  const logger = createLogger({ out: { write: (more) => (text += more) } });
  const logged = buildApp({ services: { ...app.services, logger }, auth: app.auth, pages: (c) => c.notFound() });
  await app.publish(chat(), "helper");
  const { id, key } = await app.key();
  const answer = await logged.request("http://127.0.0.1:4400/v1/agents/helper/runs?q=private", {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "x-request-id": "caller-7" },
    body: JSON.stringify({ input: { message: "my private words" } }),
  });
  const run = (await answer.json()) as { id: string };
  await logged.request("http://127.0.0.1:4400/api/agents");
  await logged.request("http://127.0.0.1:4400/healthz");
  expect(answer.headers.get("x-request-id")).toBe("caller-7");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    {
      request: "caller-7",
      method: "POST",
      path: "/v1/agents/helper/runs",
      status: 200,
      key: id,
      run: run.id,
      ms: expect.any(Number),
    },
    { request: expect.stringMatching(/^[0-9a-z]{26}$/), path: "/api/agents", status: 401 },
  ]);
  expect(text).not.toMatch(/private|pb_/);
});
