/** What model servers refuse, in their own words: the request is changed, sent again, and the change is remembered. */
import { afterEach, describe, expect, test } from "vitest";
import type { Message } from "../../runtime/message.ts";
import { askRig, type Body, someMessage } from "./testing/ask-rig.ts";
import { completion, refuse, respond, respondError } from "./testing/fault-server.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const rig: typeof askRig = async (...args) => {
  const made = await askRig(...args);
  closers.push(made.close);
  return made;
};

const has = (key: string) => (body: Record<string, never>) => body[key] !== undefined;
const roles = (body: Body | undefined) => body?.messages.map((message) => message.role);
describe("parameters that a server refuses by name", () => {
  test.each([
    ["Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."],
    ["Unrecognized request argument supplied: max_tokens"],
    ["property 'max_tokens' is unsupported"],
  ])("%s", async (message) => {
    const { ask, bodies } = await rig([refuse(has("max_tokens"), message, completion("ok"))]);
    const request = { maxOutputTokens: 100 };
    expect((await ask(request)).text).toBe("ok");
    expect((await ask(request)).text).toBe("ok");
    const sent = bodies();
    expect(sent.map((body) => body.max_completion_tokens)).toEqual([undefined, 100, 100]);
    expect(sent[0]).toMatchObject({ max_tokens: 100 });
    expect(await ask({ ...request, model: "mine/n" })).toMatchObject({ text: "ok" });
    expect(bodies()[3], "another model of the endpoint is asked as any other").toMatchObject({ max_tokens: 100 });
  });

  test("one that takes neither name is asked without a limit", async () => {
    const { ask, bodies } = await rig([
      refuse(
        (body) => body.max_tokens !== undefined || body.max_completion_tokens !== undefined,
        "Unknown parameter: max_tokens, max_completion_tokens",
        completion("ok"),
      ),
    ]);
    expect((await ask({ maxOutputTokens: 100 })).text).toBe("ok");
    expect(bodies()).toHaveLength(3);
  });

  test.each([
    [
      "temperature",
      "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
    ],
    ["stop", "Argument not supported on this model: stop"],
    ["stop", "extraneous key [stop] is not permitted"],
    ["stream_options", 'Invalid JSON payload received. Unknown name "stream_options": Cannot find field.'],
  ])("%s is left out: %s", async (name, message) => {
    const { ask, bodies } = await rig([refuse(has(name), message, completion("ok"))]);
    expect((await ask({ temperature: 0.2, stop: ["END"] })).text).toBe("ok");
    expect(bodies()).toHaveLength(2);
    expect(Object.keys(bodies()[0]!).filter((key) => !(key in bodies()[1]!))).toEqual([name]);
  });

  test("Pydantic's list of faults names it by its location, several one after another", async () => {
    const faults = (name: string) =>
      JSON.stringify({
        detail: [{ type: "extra_forbidden", loc: ["body", name], msg: "Extra inputs are not permitted" }],
      });
    const { ask } = await rig([
      respond(422, faults("stream_options")),
      respond(422, faults("temperature")),
      refuse((body) => "stream_options" in body || "temperature" in body, "no", completion("ok")),
    ]);
    expect((await ask({ temperature: 0 })).text).toBe("ok");
    const { ask: refused } = await rig([respond(422, faults("messages"))]);
    expect((await refused()).end.error?.message).toContain("messages: Extra inputs are not permitted");
  });

  test("without response_format the schema is asked for in words", async () => {
    const { ask, bodies } = await rig([
      refuse(has("response_format"), "This response_format type is unavailable now", completion("{}")),
    ]);
    expect((await ask({ schema: { type: "object", title: "Town" } })).text).toBe("{}");
    expect(bodies()[1]!.messages[0]).toMatchObject({
      role: "system",
      content: expect.stringMatching(/^Be kind\.[\s\S]*"Town"/),
    });
  });

  test("a server that does not stream is asked for the whole", async () => {
    const whole = respond(200, JSON.stringify({ choices: [{ message: { content: "ok" }, finish_reason: "stop" }] }));
    const { ask, bodies } = await rig([refuse(has("stream"), "'stream' is not supported for this model", whole)]);
    expect((await ask()).text).toBe("ok");
    expect(bodies()[1]).not.toHaveProperty("stream_options");
  });

  test.each([
    ["max_tokens is too large: 32768. This model supports at most 8192 completion tokens, whereas you provided 32768."],
    ["Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"],
    ["`max_tokens` must be less than or equal to `8,192`"],
  ])("a longer answer than it gives is not asked for again: %s", async (message) => {
    const { ask, bodies } = await rig([refuse((body) => Number(body.max_tokens) > 8192, message, completion("ok"))]);
    const request = { maxOutputTokens: 32_768 };
    expect((await ask(request)).text).toBe("ok");
    expect((await ask(request)).text).toBe("ok");
    expect(bodies().map((body) => body.max_tokens)).toEqual([32_768, 8192, 8192]);
  });

  test("a refusal that teaches nothing is the failure; what failed for another reason is not remembered", async () => {
    const { ask, bodies } = await rig([respondError(400, "You used a bad word.")]);
    expect((await ask({ temperature: 0 })).end.error).toMatchObject({
      code: "bad_response",
      message: expect.stringContaining("You used a bad word."),
    });
    expect(bodies()).toHaveLength(1);
    const wrong = await rig([
      respondError(400, "temperature is not supported"),
      respondError(400, "Something else."),
      completion("ok"),
    ]);
    expect((await wrong.ask({ temperature: 0 })).end.reason).toBe("error");
    expect((await wrong.ask({ temperature: 0 })).text).toBe("ok");
    expect(wrong.bodies().map((body) => body.temperature)).toEqual([0, undefined, 0]);
  });

  test("what was learned is forgotten after an hour: the server may be set up anew", async () => {
    const { ask, bodies, later } = await rig([respondError(400, "temperature is not supported"), completion("ok")]);
    await ask({ temperature: 0 });
    later(3_600_001);
    await ask({ temperature: 0 });
    expect(bodies().map((body) => body.temperature)).toEqual([0, undefined, 0]);
  });
});

describe("the order of messages that chat templates ask for", () => {
  const history: Message[] = [
    { role: "system", content: "Be kind." },
    { role: "assistant", content: "Welcome." },
    { role: "user", content: "hi" },
    { role: "user", content: "Are you there?" },
  ];

  test.each([
    ["System role not supported"],
    ["Developer instruction is not enabled for models/gemma-3-27b-it"],
    ["Unsupported value: 'messages[0].role' does not support 'system' with this model."],
    ["Role 'system' is not allowed; only user and assistant are."],
  ])("no system message: %s", async (message) => {
    const { ask, bodies } = await rig([
      refuse(
        someMessage((one) => one.role === "system"),
        message,
        completion("ok"),
      ),
    ]);
    expect((await ask()).text).toBe("ok");
    expect((await ask()).text).toBe("ok");
    const own = { role: "user", content: "Be kind.\n\nhi" };
    expect(bodies().map((body) => body.messages.at(-1))).toEqual([{ role: "user", content: "hi" }, own, own]);
    expect(bodies().slice(1).map(roles)).toEqual([["user"], ["user"]]);
  });

  test("a template's refusal may come with status 500", async () => {
    const body = JSON.stringify({
      error: { code: 500, message: "System role not supported at row 1, column 60", type: "server_error" },
    });
    const { ask, bodies } = await rig([respond(500, body), completion("ok")]);
    expect((await ask()).text).toBe("ok");
    expect(roles(bodies()[1])).toEqual(["user"]);
  });

  test("a profile can say so, and then nothing is refused", async () => {
    const { ask, bodies } = await rig([completion("ok")], { profile: { systemRole: false } });
    await ask();
    expect(bodies().map(roles)).toEqual([["user"]]);
  });

  test("user and assistant in turns, the user first", async () => {
    const inTurns = (body: Body) => {
      const [first, ...rest] = body.messages.filter((one) => one.role !== "system");
      return first?.role === "user" && rest.every((one, at) => (one.role === "user") === (at % 2 === 1));
    };
    const { ask, bodies } = await rig([
      refuse(
        (body) => !inTurns(body as unknown as Body),
        "Conversation roles must alternate user/assistant/user/assistant/...",
        completion("ok"),
      ),
    ]);
    expect((await ask({ messages: history })).text).toBe("ok");
    expect(roles(bodies()[1])).toEqual(["system", "user", "assistant", "user"]);
    expect(bodies()[1]!.messages.at(-1)!.content).toBe("hi\n\nAre you there?");
  });

  test("a template that counts the system message as a turn gets none", async () => {
    const { ask, bodies } = await rig([
      refuse(
        someMessage((one) => one.role === "system"),
        "Conversation roles must alternate user/assistant/user/assistant/...",
        completion("ok"),
      ),
    ]);
    expect((await ask()).text).toBe("ok");
    expect((await ask()).text).toBe("ok");
    expect(bodies().map(roles)).toEqual([["system", "user"], ["user"], ["user"]]);
  });

  test("one system message, at the start", async () => {
    const { ask, bodies } = await rig([
      refuse(
        (body) => (body as unknown as Body).messages.slice(1).some((one) => one.role === "system"),
        "System message must be at the beginning.",
        completion("ok"),
      ),
    ]);
    const messages: Message[] = [
      ...history,
      { role: "system", content: "Be short." },
      { role: "user", content: "Well?" },
    ];
    expect((await ask({ messages })).text).toBe("ok");
    expect(bodies()[1]!.messages[0]).toEqual({ role: "system", content: "Be kind.\n\nBe short." });
  });

  test("no user message right behind a tool's result", async () => {
    const { ask, bodies } = await rig([
      refuse(
        (body) =>
          (body as unknown as Body).messages.some(
            (one, at, all) => one.role === "user" && all[at - 1]?.role === "tool",
          ),
        "Unexpected role 'user' after role 'tool'",
        completion("ok"),
      ),
    ]);
    const messages: Message[] = [
      { role: "user", content: "hi" },
      { role: "assistant", content: "", calls: [{ id: "a", name: "f", arguments: {} }] },
      { role: "tool", call: "a", name: "f", content: "1" },
      { role: "user", content: "Answer now." },
    ];
    expect((await ask({ messages })).text).toBe("ok");
    expect(roles(bodies()[1])).toEqual(["user", "assistant", "tool", "assistant", "user"]);
  });
});
