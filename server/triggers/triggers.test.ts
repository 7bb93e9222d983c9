/** Webhooks, schedules and notices on a real app in a temporary folder; the tests set the time. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Delivery, NewTrigger, Schedule, Trigger } from "../contract/trigger.ts";
import { approval, chat, echo, graphOf, type TestApp, testApp } from "../testing/test-app.ts";
import { WAITS_MS } from "./notices.ts";
import { newSecret, sign } from "./signature.ts";
import { createTriggers, type TriggerService } from "./triggers.ts";

interface Made {
  trigger: Trigger;
  secret: string;
  url: string;
}

interface Received {
  headers: Record<string, string>;
  text: string;
}

let app: TestApp;
let receiver: Server;
let address: string;
let received: Received[] = [];
let statuses: number[] = [];
let onReceived: (() => void) | undefined;

/** A clock far in the future, so that the timers of the server, with the real time, have no effect. */
let clock = Date.parse("2035-03-05T08:00:00Z");
const reported: unknown[] = [];
let own: TriggerService;

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    received.push({ headers: request.headers as Record<string, string>, text });
    response.writeHead(statuses.shift() ?? 204).end();
    onReceived?.();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const { port } = receiver.address() as AddressInfo;
  address = `http://127.0.0.1:${port}/notices`;
  app = await testApp({ env: { PATCHBAY_ALLOW_HOSTS: `127.0.0.1:${port}` } });
  await (app.services.triggers as TriggerService).pause();
  own = createTriggers({ ...app.services, now: () => clock, report: (thrown) => reported.push(thrown) });
});
afterAll(async () => {
  await own.close();
  await app.close();
  receiver.closeAllConnections();
  receiver.close();
});
afterEach(() => {
  received = [];
  statuses = [];
  expect(reported.splice(0)).toEqual([]);
});

let agents = 0;
async function published(graph: unknown = echo): Promise<{ id: string; slug: string }> {
  const slug = `agent-${++agents}`;
  return { id: (await app.publish(graph, slug)).id, slug };
}

const add = (agent: string, body: object, status = 201) =>
  app.json<Made>("POST", `/api/agents/${agent}/triggers`, { body, status });
const runsOf = async (agent: string) =>
  (await app.json<{ runs: { id: string; status: string; message: string }[] }>("GET", `/api/runs?agent=${agent}`)).runs;
const inputOf = async (run: string) =>
  ((await app.services.log.read(run, -1, 1))[0] as { input: Record<string, unknown> }).input;

describe("a webhook", () => {
  const send = (
    made: Made,
    body: unknown,
    more: { id?: string; secret?: string; headers?: object; at?: number } = {},
  ) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const signed = sign(more.secret ?? made.secret, more.id ?? `m-${Math.random()}`, more.at ?? Date.now(), text);
    return app.request("POST", `/v1/hooks/${made.trigger.id}`, {
      body: text,
      token: null,
      headers: { ...signed, ...more.headers },
    });
  };

  test("starts a run of the live version with the inputs of the body, once per message", async () => {
    const agent = await published();
    const made = await add(agent.id, { kind: "webhook", name: "Orders" });
    expect(made.url).toBe(`http://127.0.0.1:4400/v1/hooks/${made.trigger.id}`);
    const answer = await send(made, { message: "hello" }, { id: "m1" });
    expect(answer.status).toBe(202);
    const { id } = (await answer.json()) as { id: string };
    expect(await inputOf(id)).toEqual({ message: "hello" });
    const again = await send(made, { message: "hello" }, { id: "m1" });
    expect(again.status).toBe(409);
    expect(await again.text()).toContain(id);
    expect(await runsOf(agent.id)).toHaveLength(1);
    // Two concurrent messages with one id are one run too.
    const twins = await Promise.all([1, 2].map(() => send(made, { message: "twin" }, { id: "m2" })));
    expect(twins.map((one) => one.status).sort()).toEqual(
      twins.some((one) => one.status === 409) ? [202, 409] : [202, 202],
    );
    expect(await runsOf(agent.id)).toHaveLength(2);
    const { triggers } = await app.json<{ triggers: Trigger[] }>("GET", `/api/agents/${agent.id}/triggers`);
    expect(triggers).toMatchObject([{ id: made.trigger.id, kind: "webhook", name: "Orders" }]);
    expect(JSON.stringify(triggers)).not.toContain(made.secret);
  });

  test("starts nothing without a valid signature, a valid time, or from a browser", async () => {
    const agent = await published();
    const made = await add(agent.id, { kind: "webhook", name: "Orders" });
    const body = { message: "hello" };
    const wrong = await send(made, body, { secret: newSecret() });
    expect(wrong.status).toBe(401);
    // The response does not show whether the webhook exists.
    const unknown = { ...made, trigger: { ...made.trigger, id: "0".repeat(26) } };
    expect(await (await send(unknown, body)).text()).toBe(await wrong.text());
    const schedule = await add(agent.id, { kind: "schedule", name: "x", cron: "0 0 1 1 *", input: { message: "" } });
    expect((await send({ ...made, trigger: schedule.trigger }, body)).status).toBe(401);
    expect((await send(made, body, { at: Date.now() - 301_000 })).status).toBe(401);
    expect((await send(made, body, { headers: { "webhook-signature": "" } })).status).toBe(401);
    expect((await send(made, body, { headers: { origin: "https://evil.example" } })).status).toBe(403);
    expect((await send(made, body, { headers: { "content-type": "text/plain" } })).status).toBe(415);
    expect((await send(made, "{oops")).status).toBe(400);
    expect((await send(made, { message: "x".repeat(1024 * 1024) })).status).toBe(413);
    expect((await app.request("GET", `/v1/hooks/${made.trigger.id}`, { token: null })).status).toBe(404);
    expect(await runsOf(agent.id)).toHaveLength(0);
  });

  test("takes inputs from parts of the body; an invalid message is refused and may be sent again", async () => {
    const graph = graphOf(
      { ask: ["input", { fields: [{ name: "order", kind: "json", required: true }] }], reply: ["output"] },
      ["ask.message reply.reply"],
    );
    const agent = await published(graph);
    const take = { message: "/a~1b/0/title", order: "" };
    const made = await add(agent.id, { kind: "webhook", name: "Orders", take });
    const body = { "a/b": [{ title: { en: "New" } }] };
    const answer = await send(made, body);
    expect(answer.status).toBe(202);
    expect(await inputOf(((await answer.json()) as { id: string }).id)).toEqual({
      message: '{"en":"New"}',
      order: body,
    });
    const lacks = await send(made, { "a/b": [] }, { id: "m3" });
    expect(lacks.status).toBe(400);
    expect(await lacks.text()).toContain("/a~1b/0/title");
    expect((await send(made, body, { id: "m3" })).status).toBe(202);

    const plain = await add(agent.id, { kind: "webhook", name: "Plain" });
    expect((await send(plain, { message: "x", order: {}, history: [] })).status).toBe(400);
    expect((await send(plain, { message: "x" })).status).toBe(400);
    expect((await send(plain, ["x"])).status).toBe(400);
    expect((await send(plain, { message: "x", order: {}, files: ["some-file"] })).status).toBe(400);
  });

  test("can be paused, changed and tested, and shows its runs and its last error", async () => {
    const agent = await published();
    const made = await add(agent.id, { kind: "webhook", name: "Orders" });
    const path = `/api/agents/${agent.id}/triggers/${made.trigger.id}`;
    const now = () => app.json<{ trigger: Trigger; url: string }>("GET", path);
    const change = (body: object, status = 200) => app.json<{ trigger: Trigger }>("PATCH", path, { body, status });
    await change({ paused: true });
    const late = await send(made, { message: "later" }, { id: "m9" });
    expect(late.status).toBe(503);
    expect((await change({ paused: false, name: "All orders", session: "orders" })).trigger).toMatchObject({
      name: "All orders",
      session: "orders",
    });
    expect((await now()).url).toBe(made.url);
    // A message that was refused during the pause is accepted when it is sent again.
    expect((await send(made, { message: "later" }, { id: "m9" })).status).toBe(202);
    for (const wrong of [{ cron: "* * * * *" }, { url: "https://a.example" }, { take: { city: "" } }, { id: "x" }])
      await change(wrong, 400);

    expect((await send(made, { text: "x" })).status).toBe(400);
    expect((await now()).trigger.lastError).toContain("text");
    expect((await send(made, { message: "x" }, { secret: newSecret() })).status).toBe(401);
    expect((await now()).trigger.lastError).toContain("signature");
    const tried = await app.json<Delivery>("POST", `${path}/test`, { body: { body: { message: "tried" } } });
    expect(await inputOf(tried.run!)).toEqual({ message: "tried" });
    expect((await now()).trigger.lastError).toBeUndefined();
    for (const body of [{ body: { text: "x" } }, {}]) await app.json("POST", `${path}/test`, { body, status: 400 });
    const { deliveries } = await app.json<{ deliveries: Delivery[] }>("GET", `${path}/deliveries`);
    expect(deliveries.map((one) => one.run)).toEqual((await runsOf(agent.id)).map((run) => run.id));
    const other = (await published()).id;
    for (const [method, more] of [
      ["GET", ""],
      ["PATCH", ""],
      ["POST", "/test"],
      ["GET", "/deliveries"],
    ] as const)
      await app.json(method, path.replace(agent.id, other) + more, {
        status: 404,
        ...(method !== "GET" && { body: more ? { body: {} } : {} }),
      });
  });

  test("accepts a limited number of messages per minute; a refused message may be sent again", async () => {
    const agent = await published();
    const limited = createTriggers({ ...app.services, callsPerMinute: 2, now: () => clock, report: () => undefined });
    const { trigger, secret } = await limited.create(agent.id, { kind: "webhook", name: "x" });
    const text = '{"message":"x"}';
    const bring = (id: string, key = secret!) => {
      const signed = sign(key, id, Date.now(), text);
      return limited.receive(trigger.id, {
        header: (name) => new Headers({ ...signed }).get(name) ?? undefined,
        text,
        value: JSON.parse(text),
      });
    };
    // Unsigned messages do not count.
    for (let i = 0; i < 5; i++) await expect(bring("m", newSecret())).rejects.toMatchObject({ code: "unauthorized" });
    await bring("m1");
    await bring("m2");
    await expect(bring("m3")).rejects.toMatchObject({ code: "rate_limited", retryAfter: 60 });
    clock += 60_000;
    await bring("m3");
    await limited.close();
    expect(await runsOf(agent.id)).toHaveLength(3);
  });

  test("is deleted with its secret, and with its agent", async () => {
    const agent = await published();
    const made = await add(agent.id, { kind: "webhook", name: "Orders" });
    const other = await add(agent.id, { kind: "webhook", name: "More" });
    const secrets = async () => (await app.services.secrets.names()).map((one) => one.name);
    expect(await secrets()).toContain(`trigger.${made.trigger.id}`);
    const path = `/api/agents/${agent.id}/triggers/${made.trigger.id}`;
    await app.json("DELETE", `/api/agents/${(await published()).id}/triggers/${made.trigger.id}`, { status: 404 });
    await app.json("DELETE", path, { status: 204 });
    await app.json("DELETE", path, { status: 404 });
    expect((await send(made, { message: "x" })).status).toBe(401);
    await app.json("DELETE", `/api/agents/${agent.id}`, { status: 204 });
    expect((await send(other, { message: "x" })).status).toBe(401);
    expect(await secrets()).not.toContain(`trigger.${other.trigger.id}`);
  });
});

test("invalid triggers are refused, and only the admin creates triggers", async () => {
  const draft = await app.json<{ id: string }>("POST", "/api/agents", { body: { graph: echo }, status: 201 });
  const hook = { kind: "webhook", name: "x" };
  await add(draft.id, hook, 409);
  await add("nobody", hook, 404);
  const { id } = await published();
  const schedule = { kind: "schedule", name: "x", cron: "0 9 * * *", input: { message: "x" } };
  for (const body of [
    { ...hook, take: { colour: "" } },
    { ...hook, take: { message: "no-pointer" } },
    { ...hook, secret: "whsec_mine" },
    { ...schedule, cron: "* * * * * *" },
    { ...schedule, cron: "often" },
    { ...schedule, cron: "0 0 30 2 *" },
    { ...schedule, timeZone: "Mars/Olympus" },
    { ...schedule, input: { colour: "red" } },
    { kind: "notice", name: "x", url: "no address" },
    { kind: "notice", name: "x", url: address, on: [] },
    { kind: "other", name: "x" },
  ])
    await add(id, body, 400);
  for (const url of [
    "http://127.0.0.1:1/",
    "http://169.254.169.254/",
    "ftp://example.com/",
    "https://u:p@example.com/",
  ])
    await add(id, { kind: "notice", name: "x", url }, 422);
  const { key } = await app.key();
  expect((await app.request("GET", `/api/agents/${id}/triggers`, { token: key })).status).toBe(401);
  const made = await Promise.all(Array.from({ length: 50 }, () => add(id, hook)));
  expect(made).toHaveLength(50);
  await add(id, hook, 409);
});

describe("a schedule", () => {
  const every = (more: object = {}): NewTrigger =>
    ({
      kind: "schedule",
      name: "x",
      cron: "0 9 * * *",
      timeZone: "Europe/Berlin",
      input: { message: "go" },
      ...more,
    }) as NewTrigger;
  const stored = async (agent: string) => (await own.list(agent)).at(-1) as Schedule;

  test("fires once at its time in its time zone, also across the start of summer time", async () => {
    const { id } = await published();
    clock = Date.parse("2035-03-24T07:59:59Z");
    await own.create(id, every());
    await own.tick();
    expect(await runsOf(id)).toHaveLength(0);
    clock += 1000;
    await Promise.all([own.tick(), own.tick()]);
    await own.tick();
    expect(await runsOf(id)).toMatchObject([{ message: "go" }]);
    // Summer time begins in the night: nine o'clock is an hour earlier.
    expect(new Date((await stored(id)).nextAt).toISOString()).toBe("2035-03-25T07:00:00.000Z");
    expect((await stored(id)).lastRun).toBe((await runsOf(id))[0]!.id);
  });

  test("fires once for all missed times, and not again when the clock goes back", async () => {
    const { id } = await published();
    clock = Date.parse("2036-01-10T12:00:00Z");
    await own.create(id, every());
    clock += 5 * 86_400_000;
    await own.tick();
    await own.tick();
    expect(await runsOf(id)).toHaveLength(1);
    expect(new Date((await stored(id)).nextAt).toISOString()).toBe("2036-01-16T08:00:00.000Z");
    clock -= 10 * 86_400_000;
    await own.tick();
    expect(await runsOf(id)).toHaveLength(1);
  });

  test("fires once over several processes, also when one died before it stored the result", async () => {
    const { id } = await published();
    clock = Date.parse("2037-01-10T12:00:00Z");
    await own.create(id, every());
    const before = await app.services.records.get("trigger", (await stored(id)).id);
    clock += 86_400_000;
    const other = createTriggers({ ...app.services, now: () => clock, report: (thrown) => reported.push(thrown) });
    await Promise.all([own.tick(), other.tick()]);
    await app.services.records.put("trigger", before!.id, before!.body, { parent: id });
    await other.tick();
    await other.close();
    expect(await runsOf(id)).toHaveLength(1);
  });

  test("does not fire for the time of a pause; its times can be changed; it can be tested", async () => {
    const { id } = await published();
    clock = Date.parse("2039-01-10T12:00:00Z");
    const { trigger } = await own.create(id, every());
    await own.update(id, trigger.id, { paused: true });
    clock += 3 * 86_400_000;
    await own.tick();
    const tried = await own.test(id, trigger.id, undefined, new AbortController().signal);
    expect(await runsOf(id)).toMatchObject([{ id: tried.run, message: "go" }]);
    await own.update(id, trigger.id, { paused: false, cron: "30 18 * * 1-5", timeZone: "Asia/Shanghai" });
    await own.tick();
    expect(await runsOf(id)).toHaveLength(1);
    expect(new Date((await stored(id)).nextAt).toISOString()).toBe("2039-01-14T10:30:00.000Z");
    await expect(own.update(id, trigger.id, { cron: "never" })).rejects.toMatchObject({ path: "/cron" });
    clock = (await stored(id)).nextAt;
    await own.tick();
    expect(await own.deliveries(id, trigger.id)).toMatchObject([{ status: "started" }, { run: tried.run }]);
  });

  test("stores the error of a failed start, and continues with the next time", async () => {
    const graph = graphOf(
      { ask: ["input", { fields: [{ name: "city", kind: "text", required: true }] }], reply: ["output"] },
      ["ask.message reply.reply"],
    );
    const { id } = await published(graph);
    clock = Date.parse("2038-01-10T12:00:00Z");
    await own.create(id, every());
    clock += 86_400_000;
    await own.tick();
    expect(await runsOf(id)).toHaveLength(0);
    const { lastError, nextAt } = await stored(id);
    expect(lastError).toContain("/input/city");
    expect(nextAt).toBeGreaterThan(clock);
  });
});

describe("a notice", () => {
  const call = async (slug: string, message = "hello") => {
    const { key } = await app.key({ rights: ["run", "answer"] });
    return app.json<{ id: string; status: string; waits?: { wait: string }[] }>("POST", `/v1/agents/${slug}/runs`, {
      token: key,
      body: { input: { message } },
    });
  };
  const bodies = () => received.map(({ text }) => JSON.parse(text) as { type: string; data: { run: { id: string } } });

  /** The server queues messages without delaying the run, so several ticks may be needed. */
  async function tickUntil(count: number): Promise<void> {
    for (let i = 0; received.length < count && i < 1000; i++) {
      await own.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await own.tick();
    expect(received).toHaveLength(count);
  }

  test("sends signed messages about a wait and the end, without internals", async () => {
    const { id, slug } = await published(approval());
    const { secret } = await app.services.triggers.create(id, {
      kind: "notice",
      name: "x",
      url: address,
      on: ["wait", "end"],
    });
    const waiting = await call(slug);
    await tickUntil(1);
    await app.json("POST", `/api/runs/${waiting.id}/answer`, {
      body: { wait: waiting.waits![0]!.wait, choice: "approve" },
    });
    await tickUntil(2);
    expect(bodies()).toMatchObject([
      {
        type: "run.waiting",
        data: {
          agent: slug,
          version: 1,
          run: { id: waiting.id, status: "waiting", waits: [{ question: "Send it?" }] },
        },
      },
      { type: "run.ended", data: { run: { id: waiting.id, status: "done", output: { reply: "hello" } } } },
    ]);
    expect(received[0]!.text).not.toContain('"node"');
    for (const { headers, text } of received)
      expect(headers).toMatchObject(sign(secret!, headers["webhook-id"]!, clock, text));
  });

  test("is retried with growing delays and the same id, and finally fails", async () => {
    const { id, slug } = await published();
    await app.services.triggers.create(id, { kind: "notice", name: "x", url: address, on: ["end"] });
    statuses = [500, 503];
    await call(slug);
    await tickUntil(1);
    expect((await own.list(id))[0]!.lastError).toContain("500");
    clock += WAITS_MS[0]! - 1;
    await own.tick();
    expect(received).toHaveLength(1);
    clock += 1;
    await own.tick();
    expect(received).toHaveLength(2);
    clock += WAITS_MS[1]!;
    await own.tick();
    expect(received).toHaveLength(3);
    expect(new Set(received.map((one) => one.headers["webhook-id"])).size).toBe(1);
    expect((await own.list(id))[0]!.lastError).toBeUndefined();
    clock += 86_400_000;
    await own.tick();
    expect(received).toHaveLength(3);

    received = [];
    statuses = Array.from({ length: 20 }, () => 500);
    await call(slug);
    await tickUntil(1);
    for (const wait of [...WAITS_MS, 86_400_000, 86_400_000]) {
      clock += wait;
      await own.tick();
    }
    expect(received).toHaveLength(WAITS_MS.length + 1);
    expect((await own.list(id))[0]!.lastError).toContain("Given up");
  });

  test("stores the results of its messages, sends one again with its id, and can be tested and paused", async () => {
    const { id, slug } = await published();
    const { trigger } = await app.services.triggers.create(id, {
      kind: "notice",
      name: "x",
      url: address,
      on: ["end"],
    });
    const none = new AbortController().signal;
    statuses = [204, 500];
    expect(await own.test(id, trigger.id, undefined, none)).toMatchObject({ status: "delivered", about: "test" });
    expect(await own.test(id, trigger.id, undefined, none)).toMatchObject({ status: "failed" });
    expect(bodies()[0]).toMatchObject({ type: "test" });
    received = [];
    statuses = [500];
    const run = await call(slug);
    await tickUntil(1);
    const last = async () => (await own.deliveries(id, trigger.id))[0]!;
    expect(await last()).toMatchObject({ status: "pending", run: run.id, tries: 1, nextAt: clock + WAITS_MS[0]! });
    clock += WAITS_MS[0]!;
    await own.tick();
    expect(await last()).toMatchObject({ status: "delivered", run: run.id, tries: 2 });
    await own.redeliver(id, trigger.id, (await last()).id);
    await own.tick();
    expect(new Set(received.map((one) => one.headers["webhook-id"])).size).toBe(1);
    expect(received).toHaveLength(3);
    await expect(own.redeliver(id, trigger.id, "nothing")).rejects.toMatchObject({ code: "not_found" });

    statuses = [500];
    await call(slug);
    await tickUntil(4);
    await app.services.triggers.update(id, trigger.id, { paused: true });
    clock += 86_400_000;
    await call(slug);
    await own.tick();
    expect(received).toHaveLength(4);
    await app.services.triggers.update(id, trigger.id, { paused: false });
    // The pending message is sent now; there are none about events during the pause.
    await own.tick();
    expect(received).toHaveLength(5);
    await own.delete(id, trigger.id);
    for (const kind of ["notice", "notice-sent"])
      expect(await app.services.records.list(kind, { parent: trigger.id })).toEqual([]);
  });

  test("survives a restart", async () => {
    const { id, slug } = await published();
    await app.services.triggers.create(id, { kind: "notice", name: "x", url: address, on: ["end"] });
    statuses = [500];
    await call(slug);
    await tickUntil(1);
    const next = createTriggers({ ...app.services, now: () => clock, report: (thrown) => reported.push(thrown) });
    clock += WAITS_MS[0]!;
    await next.tick();
    await next.close();
    expect(received).toHaveLength(2);
  });

  test("is queued later when the process ended before it was queued, and sent with one id", async () => {
    const { id, slug } = await published();
    await app.services.triggers.create(id, { kind: "notice", name: "x", url: address, on: ["end"] });
    const run = await call(slug);
    await tickUntil(1);
    // As if neither record had been written.
    for (const kind of ["notice-told", "notice"])
      for (const one of await app.services.records.list(kind, { limit: 500 }))
        if (one.id.includes(run.id)) await app.services.records.delete(kind, one.id);
    clock = Date.now();
    const next = createTriggers({ ...app.services, now: () => clock, report: (thrown) => reported.push(thrown) });
    await next.begin();
    await next.pause();
    await next.tick();
    await next.begin();
    await next.pause();
    await next.tick();
    await next.close();
    expect(bodies().map((one) => one.data.run.id)).toEqual([run.id, run.id]);
    expect(new Set(received.map((one) => one.headers["webhook-id"])).size).toBe(1);
  });

  test("is not sent for drafts, other agents, or unselected events", async () => {
    const { id } = await published(approval());
    const other = await published(chat());
    await app.services.triggers.create(id, { kind: "notice", name: "x", url: address, on: ["end"] });
    await app.json("POST", `/api/agents/${id}/runs`, { body: { input: { message: "draft" } } });
    await call(other.slug);
    await own.tick();
    expect(received).toEqual([]);
  });
});

test("the server sends messages at once, with its own timer", async () => {
  const server = app.services.triggers as TriggerService;
  await server.begin();
  const { id, slug } = await published();
  await server.create(id, { kind: "notice", name: "x", url: address, on: ["end"] });
  const arrived = new Promise<void>((resolve) => {
    onReceived = resolve;
  });
  const { key } = await app.key();
  await app.json("POST", `/v1/agents/${slug}/runs`, { token: key, body: { input: { message: "hello" } } });
  await arrived;
  await server.pause();
  expect(received.at(-1)!.text).toContain(slug);
});

test("the OpenAPI document describes the routes, and shows that a webhook needs no key", async () => {
  const { paths } = await app.json<{ paths: Record<string, Record<string, { security: unknown[] }>> }>(
    "GET",
    "/openapi.json",
  );
  expect(paths["/api/agents/{id}/triggers"]).toHaveProperty("post");
  expect(paths["/api/agents/{id}/triggers/{trigger}"]).toHaveProperty("delete");
  expect(paths["/v1/hooks/{id}"]!.post!.security).toEqual([]);
});
