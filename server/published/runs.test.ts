/** Published agents as their callers see them: what may be sent, what is told, what a key may do. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunResult } from "../contract/run.ts";
import { all, approval, chat, echo, graphOf, sseOf, type TestApp, TOKEN, testApp } from "../testing/test-app.ts";

let app: TestApp;
let key: { id: string; key: string };
beforeAll(async () => {
  app = await testApp({ mock: { chunkMs: 1 } });
  await app.publish(chat({ name: "Chat" }), "chat");
  await app.publish(chat({ name: "Kit", tools: ["builtin/calculator"] }), "kit");
  await app.publish(approval(), "gate");
  await app.publish(echo, "echo");
  key = await app.key({ rights: ["run", "answer"] });
});
afterAll(() => app.close());

const SSE = { accept: "text/event-stream" };
const call = (slug: string, body: object = {}, headers: Record<string, string> = {}, token = key.key) =>
  app.request("POST", `/v1/agents/${slug}/runs`, { token, body: { input: { message: "Hello" }, ...body }, headers });
const result = async (answer: Response) => (await answer.json()) as RunResult;
const get = (path: string, token = key.key, headers: Record<string, string> = {}) =>
  app.request("GET", path, { token, headers });
const errorOf = async (answer: Response) =>
  ((await answer.json()) as { error: { code: string; message: string; path?: string } }).error;

describe("a call", () => {
  test("returns the reply and usage without internal details", async () => {
    const answer = await result(await call("kit", { input: { message: "2 + 3" }, user: "u1" }));
    expect(answer).toEqual({
      id: expect.any(String),
      status: "done",
      output: { reply: expect.stringContaining("5") },
      usage: { inputTokens: expect.any(Number), outputTokens: expect.any(Number), steps: 2, toolCalls: 1 },
    });
    expect(await result(await get(`/v1/runs/${answer.id}`))).toEqual(answer);
  });

  test("streams start, text of the reply, and end; never prompts, traces or node names", async () => {
    const messages = await all(sseOf(await call("kit", { input: { message: "2 + 3" } }, SSE)));
    expect(messages.filter((one) => one.event !== "delta").map((one) => one.event)).toEqual(["run-start", "run-end"]);
    const text = JSON.stringify(messages);
    for (const word of ["brain", "calculator", "prompt", "openai", app.mock.url, "capabilities", "argsHash"])
      expect(text).not.toContain(word);
    const end = messages.at(-1)!.data as { output: { reply: string }; usage: object };
    const said = messages
      .filter((one) => one.event === "delta")
      .map((one) => (one.data as { text: string }).text)
      .join("");
    expect(said).toBe(end.output.reply);
    expect(end.usage).toMatchObject({ steps: 2, toolCalls: 1 });
  });

  test("can be read later and followed from any event", async () => {
    const answer = await call("chat", {}, { prefer: "respond-async" });
    expect(answer.status).toBe(202);
    const { id } = await result(answer);
    expect(answer.headers.get("location")).toBe(`/v1/runs/${id}`);
    const messages = await all(sseOf(await get(`/v1/runs/${id}/events`, key.key, SSE)));
    expect(messages.at(-1)?.event).toBe("run-end");
    const again = await all(sseOf(await get(`/v1/runs/${id}/events`, key.key, { "last-event-id": "0" })));
    expect(again.map((one) => one.event)).toEqual(["run-end"]);
    expect((await get(`/v1/runs/${id}/events`, key.key, { "last-event-id": "500" })).status).toBe(400);
  });

  test.each([
    [{ graph: {} }, "/graph"],
    [{ pins: {} }, "/pins"],
    [{ config: { model: "x" } }, "/config"],
    [{ input: { message: "x", system: "obey" } }, "/input/system"],
    [{ input: { message: "x", history: [] } }, "/input/history"],
    [{ input: "Hello" }, "/input"],
    [{ input: undefined }, "/input"],
    [{ session: 7 }, "/session"],
    [{ session: "" }, "/session"],
    [{ user: "x".repeat(201) }, "/user"],
  ])("that brings %j is refused at %s", async (body, path) => {
    const answer = await call("chat", body);
    expect(answer.status).toBe(400);
    expect(await errorOf(answer)).toMatchObject({ code: "bad_request", path });
  });

  test("with a body that is not an object, not JSON or too large is refused", async () => {
    const send = (body: string, headers = {}) =>
      app.request("POST", "/v1/agents/chat/runs", { token: key.key, body, headers });
    expect((await send("[]")).status).toBe(400);
    expect((await send("{")).status).toBe(400);
    expect((await send('{"input":{"message":"x"},"input":{"__proto__":1}}')).status).toBe(400);
    expect((await send("x", { "content-type": "text/plain" })).status).toBe(415);
    expect((await send("{}", { "content-length": "9000000" })).status).toBe(413);
  });

  test("of a version by number runs that version, and live moves at once", async () => {
    const { id } = await app.publish(echo, "moving");
    const second = graphOf({ ask: ["input"], say: ["prompt", { template: "second: {{m}}" }], reply: ["output"] }, [
      "ask.message say.m",
      "say.text reply.reply",
    ]);
    await app.request("PUT", `/api/agents/${id}`, { body: { graph: second }, headers: { "if-match": '"1"' } });
    await app.json("POST", `/api/agents/${id}/publish`, { body: {} });
    const reply = async (slug: string) => (await result(await call(slug))).output?.reply;
    expect(await reply("moving")).toBe("second: Hello");
    expect(await reply("moving@1")).toBe("Hello");
    await app.json("POST", `/api/agents/${id}/live`, { body: { version: 1 } });
    expect(await reply("moving")).toBe("Hello");
    expect((await call("moving@9")).status).toBe(404);
    expect((await call("moving@x")).status).toBe(404);
  });

  test("that fails reports it without addresses or models", async () => {
    const answer = await result(await call("chat", { input: { message: "x" } }));
    expect(answer.status).toBe("done");
    const broken = await testApp({
      mock: { reply: () => ({ status: 401, message: "key sk-123 of http://10.0.0.1 is wrong" }) },
    });
    await broken.publish(chat(), "chat");
    const { key: token } = await broken.key();
    const failed = await (
      await broken.request("POST", "/v1/agents/chat/runs", { token, body: { input: { message: "x" } } })
    ).json();
    expect(failed).toMatchObject({ status: "failed", error: { code: "auth_failed" } });
    expect(JSON.stringify(failed)).not.toMatch(/10\.0\.0\.1|sk-123|mock|127\.0/);
    await broken.close();
  });
});

describe("a key", () => {
  test("sees only its own runs, sessions and files; others are not found", async () => {
    const other = await app.key();
    const { id } = await result(await call("gate", { session: "mine" }));
    for (const [method, path] of [
      ["GET", `/v1/runs/${id}`],
      ["GET", `/v1/runs/${id}/events`],
      ["POST", `/v1/runs/${id}/cancel`],
      ["POST", `/v1/runs/${id}/rating`],
      ["GET", `/v1/runs/${id}/files/none`],
      ["GET", "/v1/sessions/mine"],
      ["DELETE", "/v1/sessions/mine"],
    ] as const) {
      const answer = await app.request(method, path, {
        token: other.key,
        ...(method === "POST" && { body: path.endsWith("rating") ? { score: 1 } : {} }),
      });
      expect(answer.status, path).toBe(404);
    }
    // The admin's runs do not belong to a key either.
    const own = await app.json<RunResult>("POST", "/api/runs", { body: { graph: echo, input: { message: "x" } } });
    expect((await get(`/v1/runs/${own.id}`)).status).toBe(404);
    // Two keys that name a session alike do not meet.
    await call("echo", { session: "shared", input: { message: "secret of one" } });
    await call("echo", { session: "shared" }, {}, other.key);
    expect(JSON.stringify(await (await get("/v1/sessions/shared", other.key)).json())).not.toContain("secret of one");
    expect((await get("/v1/sessions/shared")).status).toBe(200);
  });

  test("can call only its agents", async () => {
    const narrow = await app.key({ agents: ["echo"] });
    expect((await call("echo", {}, {}, narrow.key)).status).toBe(200);
    expect((await call("chat", {}, {}, narrow.key)).status).toBe(404);
    expect((await call("nothing")).status).toBe(404);
  });

  test("can decide on waits only with the right `answer`", async () => {
    const weak = await app.key({ rights: ["run"] });
    const waiting = await result(await call("gate", {}, {}, weak.key));
    expect(waiting).toMatchObject({
      status: "waiting",
      waits: [{ wait: expect.any(String), kind: "approval", question: "Send it?" }],
    });
    expect(JSON.stringify(waiting.waits)).not.toContain('"node"');
    const body = { wait: waiting.waits![0]!.wait, choice: "approve" };
    const answer = (token: string) => app.request("POST", `/v1/runs/${waiting.id}/answer`, { token, body });
    expect((await answer(weak.key)).status).toBe(403);
    expect((await answer(key.key)).status).toBe(404);
    const strong = await result(await call("gate"));
    const done = await app.request("POST", `/v1/runs/${strong.id}/answer`, {
      token: key.key,
      body: { ...body, wait: strong.waits![0]!.wait },
    });
    expect(await done.json()).toMatchObject({ status: "done", output: { reply: "Hello" } });
    expect(
      (await app.request("POST", `/v1/runs/${strong.id}/answer`, { token: key.key, body: { wait: 1 } })).status,
    ).toBe(400);
  });

  test("decides with edited arguments, which must match the tool's schema", async () => {
    await app.publish(chat({ tools: ["builtin/calculator"], approve: { "builtin/calculator": "ask" } }), "asks");
    const waiting = await result(await call("asks", { input: { message: "2 + 3" } }));
    const [wait] = waiting.waits!;
    expect(wait).toMatchObject({ call: { tool: "builtin/calculator", arguments: { expression: "2 + 3" } } });
    const answer = (choice: string, value: unknown) =>
      app.request("POST", `/v1/runs/${waiting.id}/answer`, {
        token: key.key,
        body: { wait: wait!.wait, choice, value },
      });
    for (const [choice, value] of [
      ["approve", { expression: 5 }],
      ["approve", "20 + 3"],
      ["reject", { why: "no" }],
    ] as const) {
      const refused = await answer(choice, value);
      expect(refused.status).toBe(400);
      expect(await errorOf(refused)).toMatchObject({ code: "bad_request", path: "/value" });
    }
    const done = await result(await answer("approve", { expression: "20 + 3" }));
    expect(done.status).toBe("done");
    const { events } = await app.json<{ events: { type: string }[] }>("GET", `/api/runs/${waiting.id}/events`);
    expect(events.find((event) => event.type === "tool-start")).toMatchObject({
      call: { arguments: { expression: "20 + 3" } },
      proposed: { expression: "2 + 3" },
    });
    expect(events.find((event) => event.type === "tool-end")).toMatchObject({
      result: { content: expect.stringContaining("23") },
    });
  });

  test("is shown once, stored as a hash, and stops immediately when it is deleted, with its open streams", async () => {
    const gone = await app.key({ name: "short-lived" });
    expect(gone.key).toMatch(/^pb_[A-Za-z0-9_-]{43}$/);
    const { keys } = await app.json<{ keys: object[] }>("GET", "/api/keys");
    expect(JSON.stringify(keys)).not.toContain(gone.key);
    expect(JSON.stringify(await app.services.records.list("key"))).not.toContain(gone.key.slice(12));
    const { id } = await result(await call("gate", {}, {}, gone.key));
    const stream = sseOf(await get(`/v1/runs/${id}/events`, gone.key, SSE));
    await stream.next();
    // The run waits: without its key's end the stream would have none.
    await app.json("DELETE", `/api/keys/${gone.id}`, { status: 204 });
    await all(stream);
    expect((await call("echo", {}, {}, gone.key)).status).toBe(401);
    await app.json("DELETE", `/api/keys/${gone.id}`, { status: 404 });
  });

  test("expires, and survives a restart", async () => {
    const over = await app.key({ expiresAt: Date.now() - 1 });
    expect((await call("echo", {}, {}, over.key)).status).toBe(401);
    const later = await app.key({ expiresAt: new Date(Date.now() + 60_000).toISOString() });
    await app.restart();
    expect((await call("echo", {}, {}, later.key)).status).toBe(200);
    expect((await call("echo", {}, {}, over.key)).status).toBe(401);
    for (const wrong of [`${later.key.slice(0, -1)}A`, later.key.slice(0, 20), `${later.key}x`, "pb_", TOKEN])
      if (wrong !== later.key) expect((await call("echo", {}, {}, wrong)).status).toBe(401);
  });

  test("has limits of calls per minute, live runs and open streams, each tested at N and N + 1", async () => {
    const few = await app.key({ limits: { callsPerMinute: 3 } });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push(await call("echo", {}, {}, few.key));
    expect(statuses.map((one) => one.status)).toEqual([200, 200, 200, 429]);
    expect(Number(statuses[3]!.headers.get("retry-after"))).toBeGreaterThan(0);

    const slow = await testApp({ mock: { delayMs: 300 } });
    await slow.publish(chat(), "chat");
    const one = await slow.key({ limits: { liveRuns: 2 } });
    const start = () =>
      slow.request("POST", "/v1/agents/chat/runs", { token: one.key, body: { input: { message: "x" } } });
    expect((await Promise.all([start(), start(), start()])).map((answer) => answer.status).sort()).toEqual([
      200, 200, 429,
    ]);
    expect((await start()).status).toBe(200);
    await slow.close();

    const streams = await app.key({ limits: { openStreams: 2 } });
    const { id } = await result(await call("gate", {}, {}, streams.key));
    const open = () => get(`/v1/runs/${id}/events`, streams.key, SSE);
    const first = await open();
    await open();
    expect((await open()).status).toBe(429);
    await first.body!.cancel();
    expect((await open()).status).toBe(200);
  });

  test("has default limits on a network", async () => {
    const { openKeys, NETWORK_LIMITS, OPEN_LIMITS } = await import("../keys/keys.ts");
    for (const [limits, calls] of [
      [NETWORK_LIMITS, 600],
      [OPEN_LIMITS, 5000],
    ] as const) {
      const keys = await openKeys({ records: app.services.records, limits, clock: () => 0 });
      const card = (await keys.list()).find((one) => one.id === key.id)!;
      for (let i = 0; i < calls; i++) keys.count(card);
      if (calls === 600) expect(() => keys.count(card)).toThrow(/600 times a minute/);
      keys.close();
    }
  });
});

describe("the same call twice", () => {
  test("is one run for its key; another body or agent is refused", async () => {
    const twice = await Promise.all([0, 1].map(() => call("gate", {}, { "idempotency-key": "once" })));
    const [one, two] = await Promise.all(twice.map(result));
    expect(one!.id).toBe(two!.id);
    expect((await call("gate", { user: "other" }, { "idempotency-key": "once" })).status).toBe(409);
    expect((await call("echo", {}, { "idempotency-key": "once" })).status).toBe(409);
    const other = await app.key();
    expect((await result(await call("gate", {}, { "idempotency-key": "once" }, other.key))).id).not.toBe(one!.id);
  });
});

describe("sessions and files", () => {
  test("a session returns only messages and replies", async () => {
    await call("kit", { input: { message: "2 + 3" }, session: "talk" });
    await call("kit", { input: { message: "4 + 4" }, session: "talk" });
    const session = (await (await get("/v1/sessions/talk")).json()) as {
      turns: { messages: { role: string; content: string }[] }[];
    };
    expect(session.turns.map((turn) => turn.messages.map((one) => one.role))).toEqual([
      ["user", "assistant"],
      ["user", "assistant"],
    ]);
    expect(session.turns[1]).toMatchObject({
      status: "done",
      output: { reply: session.turns[1]!.messages[1]!.content },
    });
    expect(JSON.stringify(session)).not.toContain("calculator");
    expect((await app.request("DELETE", "/v1/sessions/talk", { token: key.key })).status).toBe(204);
    expect((await get("/v1/sessions/talk")).status).toBe(404);
  });

  test("a turn that replaces another one removes it, and all after it, from the conversation", async () => {
    const say = async (message: string, more: object = {}) =>
      result(await call("chat", { input: { message }, session: "edited", ...more }));
    const first = await say("first");
    const second = await say("second");
    await say("third");
    await say("second, edited", { replaces: second.id });
    const said = () =>
      app.mock.requests.at(-1)!.messages.flatMap((one) => (one.role === "user" ? [JSON.stringify(one.content)] : []));
    expect(said()).toEqual(['"first"', '"second, edited"']);
    await say("fourth");
    expect(said()).toEqual(['"first"', '"second, edited"', '"fourth"']);
    const session = (await (await get("/v1/sessions/edited")).json()) as { turns: { replaced?: true }[] };
    expect(session.turns.map((turn) => turn.replaced ?? false)).toEqual([false, true, true, false, false]);
    const foreign = await result(await call("chat", { input: { message: "x" }, session: "other" }));
    for (const replaces of [foreign.id, "none"])
      expect(await errorOf(await call("chat", { input: { message: "x" }, session: "edited", replaces }))).toMatchObject(
        { code: "bad_request", path: "/replaces" },
      );
    expect(await errorOf(await call("chat", { input: { message: "x" }, replaces: first.id }))).toMatchObject({
      code: "bad_request",
    });
  });

  test("a reply is rated by its caller, and found by its rating", async () => {
    const { id } = await result(await call("echo", { session: "rated" }));
    const rate = (body: unknown) => app.request("POST", `/v1/runs/${id}/rating`, { token: key.key, body });
    for (const body of [{}, { score: 2 }, { score: 1, why: "" }, { score: 1, comment: "x".repeat(4001) }])
      expect((await rate(body)).status).toBe(400);
    expect((await rate({ score: -1, comment: "Not what I asked" })).status).toBe(204);
    const mute = await app.key({ rights: ["answer"] });
    expect((await app.request("POST", `/v1/runs/${id}/rating`, { token: mute.key, body: { score: 1 } })).status).toBe(
      403,
    );
    const found = await app.json<{ runs: object[] }>("GET", "/api/runs?rating=bad");
    expect(found.runs).toMatchObject([{ id, rating: { score: -1, comment: "Not what I asked" } }]);
    expect(await app.json("GET", "/api/runs?rating=good")).toEqual({ runs: [] });
    expect(await (await get("/v1/sessions/rated")).json()).toMatchObject({ turns: [{ rating: { score: -1 } }] });
  });

  test("text files reach the model, also in the next turn; a file that nothing can use is refused", async () => {
    const connected = chat();
    await app.publish(
      { ...connected, edges: [...connected.edges, { from: "ask.files", to: "brain.files" }] },
      "reader",
    );
    const upload = async (name: string, type: string, content: string | Uint8Array<ArrayBuffer>) => {
      const form = new FormData();
      form.append("file", new File([content], name, { type }));
      const answer = await app.request("POST", "/v1/files", { token: key.key, body: form });
      return ((await answer.json()) as { id: string }).id;
    };
    const texts: [name: string, type: string, content: string, read: string][] = [
      ["note.txt", "text/plain", "blue heron", "blue heron"],
      ["plan.md", "text/markdown", "# Plan\n\ngrey crane", "grey crane"],
      ["birds.csv", "text/csv", "bird,wings\nstork,2", "bird,wings\nstork,2"],
      ["birds.json", "application/json", '{"bird":"ibis"}', '{"bird":"ibis"}'],
      ["page.html", "text/html", "<h1>Birds</h1><p>white <b>egret</b></p>", "white egret"],
    ];
    const files = await Promise.all(texts.map(([name, type, content]) => upload(name, type, content)));
    const last = () => JSON.stringify(app.mock.requests.at(-1)!.messages);
    const first = await result(await call("reader", { input: { message: "read", files }, session: "files" }));
    expect(first.status).toBe("done");
    for (const [name, , , read] of texts) {
      expect(last(), name).toContain(JSON.stringify(read).slice(1, -1));
      expect(last()).toContain(JSON.stringify(`<file name="${name}">`).slice(1, -1));
    }
    await call("reader", { input: { message: "and now?" }, session: "files" });
    expect(last()).toContain("blue heron");

    const refused = async (slug: string, file: string) =>
      errorOf(await call(slug, { input: { message: "read", files: [file] } }));
    expect(await refused("reader", await upload("scan.tiff", "image/tiff", new Uint8Array([1, 0, 2])))).toMatchObject({
      code: "bad_request",
      path: "/input/files/0",
      message: expect.stringContaining('no model of this agent can read "scan.tiff"'),
    });
    expect(await refused("reader", await upload("bad.txt", "text/plain", new Uint8Array([0, 1, 255])))).toMatchObject({
      path: "/input/files/0",
      message: expect.stringContaining("is not text"),
    });
    expect(await refused("chat", files[0]!)).toMatchObject({
      path: "/input/files",
      message: expect.stringContaining("this agent reads no files"),
    });
  });

  test("an upload belongs to its key", async () => {
    const form = new FormData();
    form.append("file", new File(["hello"], "note.txt", { type: "text/plain" }));
    const answer = await app.request("POST", "/v1/files", { token: key.key, body: form });
    expect(answer.status).toBe(201);
    const file = (await answer.json()) as { id: string };
    expect(file).toMatchObject({ name: "note.txt", mediaType: "text/plain", bytes: 5 });
    await app.publish(graphOf({ ask: ["input"], reply: ["output"] }, ["ask.files reply.reply"]), "files");
    expect((await call("files", { input: { message: "", files: [file.id] } })).status).toBe(200);
    const other = await app.key();
    expect((await call("files", { input: { message: "", files: [file.id] } }, {}, other.key)).status).toBe(400);
    expect(await (await get(`/v1/files/${file.id}`)).text()).toBe("hello");
    const [foreign, missing] = [await get(`/v1/files/${file.id}`, other.key), await get("/v1/files/none", other.key)];
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect((await errorOf(foreign)).message.replace(file.id, "none")).toBe((await errorOf(missing)).message);
    expect((await app.request("POST", "/v1/files", { token: key.key, body: { file: "x" } })).status).toBe(415);
    expect((await app.request("POST", "/v1/files", { token: key.key, body: new FormData() })).status).toBe(400);
  });
});

describe("a page of another origin", () => {
  test("may call agents that allow the origin, and read the response", async () => {
    await app.publish(echo, "framed", { origins: ["https://shop.example"] });
    const narrow = await app.key({ agents: ["framed"] });
    const from = (origin: string, token = narrow.key) => call("framed", {}, { origin }, token);
    const good = await from("https://shop.example");
    expect(good.status).toBe(200);
    expect(good.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(good.headers.get("access-control-allow-credentials")).toBeNull();
    for (const origin of ["https://evil.example", "null", "https://shop.example.evil.example"]) {
      const refused = await from(origin);
      expect(refused.status, origin).toBe(403);
      expect(refused.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect(
      (await call("echo", {}, { origin: "https://shop.example" }, (await app.key({ agents: ["echo"] })).key)).status,
    ).toBe(403);
    const preflight = (origin: string) =>
      app.request("OPTIONS", "/v1/agents/framed/runs", {
        token: null,
        headers: { origin, "access-control-request-method": "POST" },
      });
    expect((await preflight("https://shop.example")).headers.get("access-control-allow-headers")).toContain(
      "authorization",
    );
    // The official SDKs add headers of their own, which a browser asks for.
    const ofSdk = await app.request("OPTIONS", "/v1/chat/completions", {
      token: null,
      headers: {
        origin: "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-stainless-os,x-stainless-retry-count",
      },
    });
    expect(ofSdk.headers.get("access-control-allow-headers")).toContain("x-stainless-os");
    expect(ofSdk.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect((await preflight("https://evil.example")).status).toBe(403);
  });
});

test("a secret in the reply of a model is in no answer, event or piece of the stream", async () => {
  const value = "sk-a-secret-of-this-test/+=";
  const forms = [value, encodeURIComponent(value), Buffer.from(value).toString("base64")];
  const other = await testApp({ mock: { chunkMs: 1, reply: () => ({ text: `It is ${forms.join(" or ")}.` }) } });
  await other.json("PUT", "/api/secrets/KEY", { body: { value } });
  await other.publish(chat(), "chat");
  const { key: token } = await other.key();
  const send = (headers = {}) =>
    other.request("POST", "/v1/agents/chat/runs", { token, body: { input: { message: "Hello" } }, headers });
  const clean = "It is [secret KEY] or [secret KEY] or [secret KEY].";
  const { id, output } = (await (await send()).json()) as RunResult;
  expect(output).toEqual({ reply: clean });
  const messages = await all(sseOf(await send(SSE)));
  const deltas = messages.filter((one) => one.event === "delta").map((one) => (one.data as { text: string }).text);
  expect(deltas.join("")).toBe(clean);
  expect(messages.at(-1)!.data).toMatchObject({ output: { reply: clean } });
  const answers = await Promise.all(
    [
      other.request("GET", `/v1/runs/${id}`, { token }),
      other.request("GET", `/api/runs/${id}/events`),
      other.request("POST", "/v1/chat/completions", {
        token,
        body: { model: "chat", messages: [{ role: "user", content: "Hello" }] },
      }),
    ].map(async (answer) => (await answer).text()),
  );
  for (const text of answers) for (const form of forms) expect(text).not.toContain(form);
  await other.close();
});
