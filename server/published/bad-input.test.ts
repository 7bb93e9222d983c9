/**
 * What a caller can get wrong, or mean ill, at every hosted endpoint: the right status, one sentence, nothing of the
 * inside told, nothing lost. Storage that fails under a run is in `server/faults.test.ts`, clocks that jump too.
 */
import { connect } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { buildApp } from "../app.ts";
import type { RunResult } from "../contract/run.ts";
import { openAuth } from "../http/auth.ts";
import { parseEnv } from "../process/env.ts";
import { listen } from "../process/listen.ts";
import { approval, chat, echo, type TestApp, TOKEN, testApp } from "../testing/test-app.ts";

let app: TestApp;
let key: string;
let other: string;

beforeAll(async () => {
  app = await testApp();
  await app.publish(chat({ name: "Chat" }), "chat");
  await app.publish(echo, "echo");
  await app.publish(approval(), "gate");
  await app.publish(echo, "hidden");
  const agents = ["chat", "echo", "gate"];
  ({ key } = await app.key({ agents, rights: ["run", "answer"] }));
  ({ key: other } = await app.key({ agents, rights: ["run", "answer"] }));
});
afterAll(() => app.close());

const send = (method: string, path: string, token: string | null, body?: unknown, headers?: Record<string, string>) =>
  app.request(method, path, {
    token,
    ...(body !== undefined && { body }),
    headers: {
      "a2a-version": "1.0",
      ...(path.startsWith("/mcp/") && { accept: "application/json, text/event-stream" }),
      ...headers,
    },
  });
const call = (body: object = { input: { message: "Hello" } }, headers?: Record<string, string>, slug = "echo") =>
  send("POST", `/v1/agents/${slug}/runs`, key, body, headers);

/** A good request to each endpoint that takes one, for the agent named. */
const GOOD: Record<string, (agent: string) => [method: string, path: string, body?: object]> = {
  run: (agent) => ["POST", `/v1/agents/${agent}/runs`, { input: { message: "Hello" } }],
  chat: (agent) => ["POST", "/v1/chat/completions", { model: agent, messages: [{ role: "user", content: "Hello" }] }],
  responses: (agent) => ["POST", "/v1/responses", { model: agent, input: "Hello" }],
  mcp: (agent) => ["POST", `/mcp/${agent}`, { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} }],
  a2a: (agent) => [
    "POST",
    `/v1/a2a/${agent}`,
    {
      jsonrpc: "2.0",
      id: 1,
      method: "SendMessage",
      params: { message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "Hello" }] } },
    },
  ],
  card: (agent) => ["GET", `/v1/a2a/${agent}/.well-known/agent-card.json`],
  openapi: (agent) => ["GET", `/v1/agents/${agent}/openapi.json`],
};
const endpoints = Object.entries(GOOD);

/** One sentence or two, for a person; no path of a machine, no stack, no address, no model, no other's name. */
async function refusal(answer: Response): Promise<string> {
  const text = await answer.text();
  const { error } = JSON.parse(text) as { error: { message: string } };
  expect(error.message).toMatch(/^[^\n]{8,300}$/);
  for (const inside of [app.folder, app.mock.url, "openai", "    at ", "node_modules", ".ts:", "SELECT", "hidden"])
    expect(text).not.toContain(inside);
  return error.message;
}

describe.each(endpoints)("%s", (name, good) => {
  const ask = (token: string | null, agent = "echo") => {
    const [method, path, body] = good(agent);
    return send(method, path, token, body);
  };

  test("missing, wrong, expired and revoked keys, and the admin token", async () => {
    const over = await app.key({ expiresAt: Date.now() - 1 });
    const revoked = await app.key();
    await app.json("DELETE", `/api/keys/${revoked.id}`, { status: 204 });
    const near = key.slice(0, -1) + (key.endsWith("A") ? "B" : "A");
    for (const token of [null, "", "pb_", near, over.key, revoked.key, TOKEN, `${key} x`, "é".repeat(43)]) {
      const answer = await ask(token).catch((error: TypeError) => error);
      // What no header can hold is refused before it is sent.
      if (answer instanceof TypeError) continue;
      expect(answer.status, String(token).slice(0, 12)).toBe(401);
      expect(await refusal(answer)).not.toContain(key.slice(3, 11));
    }
  });

  test("an agent of another key is not found", async () => {
    const [foreign, missing] = [await ask(key, "hidden"), await ask(key, "nothere")];
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    const [a, b] = [await foreign.text(), await missing.text()];
    expect(a.replaceAll("hidden", "nothere")).toBe(b);
  });

  if (good("echo")[0] === "POST")
    test("bodies with an unknown key, another type, invalid JSON, too deep, too large", async () => {
      const [method, path, body] = good("echo");
      const more = async (value: unknown, headers?: Record<string, string>) => {
        const answer = await send(method, path, key, value, headers);
        return { status: answer.status, message: answer.status < 300 ? "" : await refusal(answer) };
      };
      // JSON-RPC leaves room for keys beside its own.
      if (name !== "mcp" && name !== "a2a") {
        const extra = await more({ ...body, graph: { nodes: [] } });
        expect(extra.status).toBe(400);
        expect(extra.message).toContain("graph");
      }
      expect((await more(body, { "content-type": "text/plain" })).status).toBe(415);
      expect((await more("{oops")).status).toBe(400);
      expect((await more(`${"[".repeat(65)}${"]".repeat(65)}`)).status).toBe(400);
      expect((await more({ ...body, pad: "x".repeat(1024 * 1024) })).status).toBe(413);
      expect((await more(`{"__proto__":{},${JSON.stringify(body).slice(1)}`)).status).toBe(400);
    });
});

test("runs, sessions, files and responses of another key are not found, for every operation", async () => {
  const { id, waits } = (await (
    await call({ input: { message: "x" }, session: "s-of-one" }, {}, "gate")
  ).json()) as RunResult;
  const form = new FormData();
  form.append("file", new File(["mine"], "a.txt", { type: "text/plain" }));
  const file = ((await (await send("POST", "/v1/files", key, form)).json()) as { id: string }).id;
  const response = (await (await send("POST", "/v1/responses", key, { model: "echo", input: "Hello" })).json()) as {
    id: string;
  };
  const none = "0".repeat(26);
  const tries: [string, (id: string) => [string, string, object?], string][] = [
    ["run", (one) => ["GET", `/v1/runs/${one}`], id],
    ["events", (one) => ["GET", `/v1/runs/${one}/events`], id],
    ["cancel", (one) => ["POST", `/v1/runs/${one}/cancel`, {}], id],
    ["answer", (one) => ["POST", `/v1/runs/${one}/answer`, { wait: waits![0]!.wait, choice: "approve" }], id],
    ["rating", (one) => ["POST", `/v1/runs/${one}/rating`, { score: -1 }], id],
    ["file of a run", (one) => ["GET", `/v1/runs/${one}/files/${file}`], id],
    ["session", (one) => ["GET", `/v1/sessions/${one}`], "s-of-one"],
    ["session gone", (one) => ["DELETE", `/v1/sessions/${one}`], "s-of-one"],
    ["file", (one) => ["GET", `/v1/files/${one}`], file],
    ["file sent", (one) => ["POST", "/v1/agents/echo/runs", { input: { message: "", files: [one] } }], file],
    [
      "response gone on from",
      (one) => ["POST", "/v1/responses", { model: "echo", input: "x", previous_response_id: one }],
      response.id,
    ],
  ];
  for (const [name, make, mine] of tries) {
    const ask = async (one: string) => {
      const [method, path, body] = make(one);
      const answer = await send(method, path, other, body);
      return { status: answer.status, text: (await answer.text()).replaceAll(one, "ID") };
    };
    const foreign = await ask(mine);
    expect([400, 404], name).toContain(foreign.status);
    expect(foreign, name).toEqual(await ask(mine === "s-of-one" ? "s-of-none" : mine.replace(/[0-9a-z]{26}$/, none)));
  }
  // Nothing of it came to harm.
  expect(await (await send("GET", `/v1/runs/${id}`, key)).json()).toMatchObject({ status: "waiting" });
});

test("decisions that are repeated, different, late, for another wait, or without the right", async () => {
  const begin = async (slug = "gate") => (await (await call(undefined, {}, slug)).json()) as RunResult;
  const run = await begin();
  const { wait } = run.waits![0]!;
  const answer = (id: string, body: object, token = key) => send("POST", `/v1/runs/${id}/answer`, token, body);
  const { key: mute } = await app.key({ agents: ["gate"], rights: ["run"] });
  expect((await answer(run.id, { wait, choice: "approve" }, mute)).status).toBe(403);
  expect((await answer(run.id, { wait, choice: "approve" }, other)).status).toBe(404);
  expect((await answer(run.id, { wait: "w-none", choice: "approve" })).status).toBe(404);
  for (const bad of [{ wait }, { wait, choice: "maybe" }, { wait, choice: "approve", call: {} }, []])
    expect((await answer(run.id, bad)).status).toBe(400);

  // Pressed twice at once, it counts once; pressed otherwise afterwards, it is refused.
  const both = await Promise.all([1, 2].map(() => answer(run.id, { wait, choice: "approve" })));
  for (const one of both) expect([200, 409]).toContain(one.status);
  expect(both.some((one) => one.status === 200)).toBe(true);
  expect((await answer(run.id, { wait, choice: "reject" })).status).toBe(409);
  expect(await (await send("GET", `/v1/runs/${run.id}`, key)).json()).toMatchObject({
    status: "done",
    output: { reply: "Hello" },
  });

  await app.publish(approval({ timeoutMs: 200 }), "hasty");
  const { key: hasty } = await app.key({ agents: ["hasty"], rights: ["run", "answer"] });
  const late = (await (
    await send("POST", "/v1/agents/hasty/runs", hasty, { input: { message: "x" } })
  ).json()) as RunResult;
  expect(late.status).toBe("waiting");
  await expect
    .poll(async () => (await send("GET", `/v1/runs/${late.id}`, hasty)).json(), { timeout: 10_000 })
    .toMatchObject({ status: "done" });
  const given = await answer(late.id, { wait: late.waits![0]!.wait, choice: "approve" }, hasty);
  expect(given.status).toBe(410);
  await refusal(given);
});

test("the same Idempotency-Key with another body, agent or endpoint is refused, and starts nothing", async () => {
  const once = { "idempotency-key": "k-1" };
  const first = (await (await call(undefined, once)).json()) as RunResult;
  expect(((await (await call(undefined, once)).json()) as RunResult).id).toBe(first.id);
  const before = (await app.json<{ runs: unknown[] }>("GET", "/api/runs?limit=500")).runs.length;
  for (const [name, good] of endpoints.slice(0, 3)) {
    const [method, path, body] = good("chat");
    const answer = await send(method, path, key, body, once);
    expect(answer.status, name).toBe(409);
    await refusal(answer);
  }
  expect((await call({ input: { message: "other" } }, once)).status).toBe(409);
  expect((await app.json<{ runs: unknown[] }>("GET", "/api/runs?limit=500")).runs.length).toBe(before);
  // Another key's is its own.
  expect((await send("POST", "/v1/agents/echo/runs", other, { input: { message: "y" } }, once)).status).toBe(200);
  expect((await call(undefined, { "idempotency-key": "k".repeat(5_000) })).status).toBeLessThan(500);
});

test("a thousand streams of one key: a hundred are open, the rest get 429 with Retry-After, and other keys are served", async () => {
  const { key: many } = await app.key({ agents: ["gate"], rights: ["run"], limits: { openStreams: 100 } });
  const { id } = (await (
    await send("POST", "/v1/agents/gate/runs", many, { input: { message: "x" } })
  ).json()) as RunResult;
  const answers = await Promise.all(
    Array.from({ length: 1000 }, () =>
      send("GET", `/v1/runs/${id}/events`, many, undefined, { accept: "text/event-stream" }),
    ),
  );
  const held = answers.filter((one) => one.status === 200);
  const refused = answers.filter((one) => one.status === 429);
  expect([held.length, refused.length]).toEqual([100, 900]);
  expect(Number(refused[0]!.headers.get("retry-after"))).toBeGreaterThan(0);
  await refusal(refused[0]!);
  expect((await call()).status).toBe(200);
  await Promise.all(held.map((one) => one.body!.cancel()));
  const again = await vi.waitUntil(async () => {
    const one = await send("GET", `/v1/runs/${id}/events`, many, undefined, { accept: "text/event-stream" });
    return one.status === 200 && one;
  });
  await again.body!.cancel();
});

test("a locked database: the caller gets a clear error, nothing unstored is accepted, and stored data is readable", async () => {
  const accepted = (await (await call()).json()) as RunResult;
  const database = new Database(join(app.folder, "runs.db"));
  database.exec("BEGIN IMMEDIATE");
  try {
    const answer = await call({ input: { message: "while it is locked" } });
    expect(answer.status).toBe(503);
    expect(await refusal(answer)).toMatch(/database/);
    const stream = await call({ input: { message: "x" } }, { accept: "text/event-stream" });
    expect(stream.status).toBe(503);
    // What is stored reads all the same.
    expect((await send("GET", `/v1/runs/${accepted.id}`, key)).status).toBe(200);
  } finally {
    database.exec("COMMIT");
    database.close();
  }
  await vi.waitUntil(async () => ((await (await call()).json()) as RunResult).status === "done");
}, 60_000);

test("a body that arrives slowly or never is refused, while other requests are served", async () => {
  const env = parseEnv({ PATCHBAY_DATA: app.folder, PATCHBAY_TOKEN: TOKEN, PORT: "0" });
  const { origin, server } = await listen({
    env,
    app: (pages) => buildApp({ services: { ...app.services, env }, auth: openAuth(env), ...pages }),
  });
  const { port } = new URL(origin);
  const socket = connect(Number(port), "127.0.0.1");
  let got = "";
  socket.on("data", (chunk) => {
    got += chunk;
  });
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.write(
    `POST /v1/agents/echo/runs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"input"`,
  );
  const quick = await fetch(`${origin}/v1/agents/echo/runs`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ input: { message: "quick" } }),
  });
  expect(quick.status).toBe(200);
  // Half a body and no more of it: the connection ends without an answer, and no run was made of it.
  socket.end();
  await closed;
  expect(got).not.toContain("200 OK");
  const { runs } = await app.json<{ runs: { message: string }[] }>("GET", "/api/runs?limit=1");
  expect(runs[0]!.message).toBe("quick");
  server.closeAllConnections();
  server.close();
});
