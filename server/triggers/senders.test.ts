/** Messages as the usual senders sign them, against a real app. */
import { createHmac } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Sender, Trigger } from "../contract/trigger.ts";
import { graphOf, type TestApp, testApp } from "../testing/test-app.ts";
import { verifySender } from "./senders.ts";

const hex = (secret: string, text: string) => createHmac("sha256", secret).update(text).digest("hex");
const seconds = (ago = 0) => String(Math.floor(Date.now() / 1000) - ago);

describe("examples of the senders' documentation", () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const check = (sender: Sender, secret: string, headers: Record<string, string>, text: string) =>
    verifySender(sender, secret, { header: (name) => headers[name], text, value: undefined });

  test("GitHub", () => {
    const secret = "It's a Secret to Everybody";
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    expect(check("github", secret, { "x-hub-signature-256": signature }, "Hello, World!")).toEqual({ id: signature });
    expect(() => check("github", secret, { "x-hub-signature-256": signature }, "Hello, World")).toThrow("signature");
  });

  test("Slack", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_531_420_618_000 });
    const text =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const headers = {
      "x-slack-request-timestamp": "1531420618",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    };
    expect(check("slack", "8f742231b10e8888abcd99yyyzzz85a5", headers, text).id).toBe(headers["x-slack-signature"]);
  });
});

describe("a webhook of", () => {
  let app: TestApp;
  let agent: string;
  beforeAll(async () => {
    app = await testApp();
    const graph = graphOf(
      { ask: ["input", { fields: [{ name: "all", kind: "json", required: false }] }], reply: ["output"] },
      ["ask.message reply.reply"],
    );
    agent = (await app.publish(graph, "hooked")).id;
  });
  afterAll(() => app.close());

  interface Made {
    trigger: Trigger;
    secret?: string;
    url: string;
  }
  const add = (body: object, status = 201) =>
    app.json<Made>("POST", `/api/agents/${agent}/triggers`, {
      body: { kind: "webhook", name: "x", ...body },
      status,
    });
  interface Response {
    status: number | string;
    id?: string;
    error?: { code: string };
  }
  const send = async (made: Made, text: string, headers: Record<string, string>, query = ""): Promise<Response> => {
    const response = await app.request("POST", `/v1/hooks/${made.trigger.id}${query}`, {
      body: text,
      token: null,
      headers,
    });
    return { status: response.status, ...((await response.json()) as object) };
  };
  const inputOf = async (run: unknown) =>
    ((await app.services.log.read(String(run), -1, 1))[0] as { input: Record<string, unknown> }).input;
  const lastError = async ({ trigger }: Made) =>
    (await app.json<{ trigger: Trigger }>("GET", `/api/agents/${agent}/triggers/${trigger.id}`)).trigger.lastError;

  test("GitHub: a made secret, a ping, an event as JSON and as a form, a repetition", async () => {
    const made = await add({ sender: "github", take: { message: "/issue/title", all: "" } });
    const signed = (text: string, event = "issues") => ({
      "x-hub-signature-256": `sha256=${hex(made.secret!, text)}`,
      "x-github-event": event,
    });
    const ping = '{"zen":"Keep it logically awesome."}';
    expect(await send(made, ping, signed(ping, "ping"))).toMatchObject({ status: "ignored" });
    const text = JSON.stringify({ action: "opened", issue: { title: "It breaks 世界" } });
    const first = await send(made, text, signed(text));
    expect(first).toEqual({ status: "running", id: expect.any(String) });
    expect(await inputOf(first.id)).toEqual({ message: "It breaks 世界", all: JSON.parse(text) });
    expect(await send(made, text, signed(text))).toEqual({ status: "duplicate", id: first.id });
    const form = new URLSearchParams({ payload: JSON.stringify({ issue: { title: "By form & all" } }) }).toString();
    const second = await send(made, form, { ...signed(form), "content-type": "application/x-www-form-urlencoded" });
    expect(await inputOf(second.id)).toMatchObject({ message: "By form & all" });
    const lacks = '{"action":"starred"}';
    expect(await send(made, lacks, signed(lacks))).toMatchObject({
      status: "ignored",
      reason: expect.stringContaining("/issue/title"),
    });
    expect(await lastError(made)).toContain("/issue/title");
    expect((await send(made, `${text} `, signed(text))).error).toMatchObject({ code: "unauthorized" });
    expect((await send(made, text, {})).error).toMatchObject({ code: "unauthorized" });
  });

  test("Stripe: the sender's secret, set later; old messages are refused, repeated events start nothing", async () => {
    const made = await add({ sender: "stripe", take: { message: "/type" } });
    expect(made.secret).toBeUndefined();
    const secret = "whsec_stripe_makes_this_one";
    const text = '{"id":"evt_1","type":"invoice.paid"}';
    const signed = (ago = 0, key = secret) => {
      const time = seconds(ago);
      return { "stripe-signature": `t=${time},v1=${hex("another", text)},v1=${hex(key, `${time}.${text}`)},v0=x` };
    };
    expect((await send(made, text, signed())).error).toMatchObject({ code: "unauthorized" });
    expect(await lastError(made)).toContain("not set yet");
    const changed = await app.json<Made>("PATCH", `/api/agents/${agent}/triggers/${made.trigger.id}`, {
      body: { secret },
    });
    expect(JSON.stringify(changed)).not.toContain(secret);
    const first = await send(made, text, signed());
    expect(await inputOf(first.id)).toEqual({ message: "invoice.paid" });
    // Stripe signs a repetition anew, with another time.
    expect(await send(made, text, signed(10))).toEqual({ status: "duplicate", id: first.id });
    for (const wrong of [signed(301), signed(-301), signed(0, "whsec_of_someone_else"), { "stripe-signature": "t=1" }])
      expect((await send(made, text, wrong)).error).toMatchObject({ code: "unauthorized" });
  });

  test("Slack: the question for the address is answered, when it is signed; an event and a command start runs", async () => {
    const secret = "8f742231b10e8888abcd99yyyzzz85a5";
    const made = await add({ sender: "slack", secret, take: { message: "/event/text" } });
    const signed = (text: string, ago = 0) => {
      const time = seconds(ago);
      return { "x-slack-request-timestamp": time, "x-slack-signature": `v0=${hex(secret, `v0:${time}:${text}`)}` };
    };
    const question = '{"type":"url_verification","challenge":"3eZbrw1aB"}';
    expect(await send(made, question, signed(question))).toEqual({ status: 200, challenge: "3eZbrw1aB" });
    expect((await send(made, question, {})).error).toMatchObject({ code: "unauthorized" });
    const text = '{"event_id":"Ev1","event":{"type":"app_mention","text":"hello"}}';
    const first = await send(made, text, signed(text));
    expect(await inputOf(first.id)).toEqual({ message: "hello" });
    expect(await send(made, text, signed(text, 5))).toEqual({ status: "duplicate", id: first.id });
    expect((await send(made, text, signed(text, 301))).error).toMatchObject({ code: "unauthorized" });
    const command = await add({ sender: "slack", secret, take: { message: "/text" } });
    const form = "command=%2Fask&text=how+long%3F";
    const asked = await send(command, form, { ...signed(form), "content-type": "application/x-www-form-urlencoded" });
    expect(await inputOf(asked.id)).toEqual({ message: "how long?" });
    const evil = "__proto__=x&text=a";
    const refused = await send(command, evil, { ...signed(evil), "content-type": "application/x-www-form-urlencoded" });
    expect(refused.error).toMatchObject({ code: "bad_request" });
  });

  test("Telegram: its secret token; an update starts one run", async () => {
    const made = await add({ sender: "telegram", take: { message: "/message/text" } });
    expect(made.secret).toMatch(/^[\w-]{40,}$/);
    const text = '{"update_id":7,"message":{"text":"hi"}}';
    const headers = { "x-telegram-bot-api-secret-token": made.secret! };
    const first = await send(made, text, headers);
    expect(await inputOf(first.id)).toEqual({ message: "hi" });
    expect(await send(made, text, headers)).toEqual({ status: "duplicate", id: first.id });
    const other = { "x-telegram-bot-api-secret-token": `${made.secret}x` };
    expect((await send(made, text, other)).error).toMatchObject({ code: "unauthorized" });
  });

  test("a token: in a header or the address; each message is one, unless it has an id", async () => {
    const made = await add({ sender: "token" });
    const text = '{"message":"hi"}';
    const token = made.secret!;
    const ids = [
      await send(made, text, { authorization: `Bearer ${token}` }),
      await send(made, text, { "x-webhook-token": token }),
      await send(made, text, { "x-gitlab-token": token }),
      await send(made, text, {}, `?token=${token}`),
      await send(made, text, { "x-webhook-token": token, "idempotency-key": "a" }),
    ].map((one) => one.id);
    expect(new Set(ids).size).toBe(5);
    expect(await send(made, text, { "x-webhook-token": token, "idempotency-key": "a" })).toEqual({
      status: "duplicate",
      id: ids[4],
    });
    for (const [headers, query] of [
      [{}, ""],
      [{ authorization: `Bearer ${token.slice(1)}` }, ""],
      [{}, "?token="],
    ] as const)
      expect((await send(made, text, headers, query)).error).toMatchObject({ code: "unauthorized" });
  });

  test("anyone, only when asked for; a browser page still cannot send", async () => {
    const made = await add({ sender: "none" });
    expect(made.secret).toBeUndefined();
    expect(await send(made, '{"message":"hi"}', {})).toMatchObject({ status: "running" });
    expect((await send(made, '{"message":"hi"}', { origin: "https://a.example" })).error).toMatchObject({
      code: "forbidden",
    });
    const path = `/api/agents/${agent}/triggers/${made.trigger.id}`;
    const closed = await app.json<Made>("PATCH", path, { body: { sender: "token" } });
    expect(closed.secret).toMatch(/^[\w-]{40,}$/);
    expect((await send(made, '{"message":"hi"}', {})).error).toMatchObject({ code: "unauthorized" });
  });

  test("refuses a secret that its sender cannot have", async () => {
    for (const body of [
      { sender: "none", secret: "0123456789abcdef" },
      { sender: "standard", secret: "whsec_not base64 at all" },
      { sender: "telegram", secret: "with spaces in the token" },
      { sender: "token", secret: "short" },
      { sender: "bitbucket" },
    ])
      await add(body, 400);
  });
});
