/** Refusals for length: their numbers, the answer that gives way, and what is said when nothing can. */
import { afterEach, expect, test } from "vitest";
import { readOverflow } from "./overflow.ts";
import { askRig } from "./testing/ask-rig.ts";
import { completion, type Fault, respond, respondError } from "./testing/fault-server.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const rig: typeof askRig = async (...args) => {
  const made = await askRig(...args);
  closers.push(made.close);
  return made;
};

const numbers: [string, number | undefined, number | undefined][] = [
  [
    "This model's maximum context length is 4096 tokens. However, you requested 4140 tokens (44 in the messages, 4096 in the completion).",
    4096,
    44,
  ],
  [
    "This model's maximum context length is 4,096 tokens. However, you requested 4140 tokens (40 in the messages, 4 in the functions, and 4096 in the completion).",
    4096,
    44,
  ],
  [
    "'max_tokens' or 'max_completion_tokens' is too large: 4096. This model's maximum context length is 4096 tokens and your request has 44 input tokens (4096 > 4096 - 44).",
    4096,
    44,
  ],
  [
    "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 4140 tokens: 44 tokens from the input messages and 4096 tokens for the completion.",
    4096,
    44,
  ],
  [
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 44 `inputs` tokens and 4096 `max_new_tokens`",
    4096,
    44,
  ],
  [
    "input length and `max_tokens` exceed context limit: 44 + 4096 > 4096, decrease input length or `max_tokens`",
    4096,
    44,
  ],
  [
    "This endpoint's maximum context length is 4096 tokens. However, you requested about 4140 tokens (44 of text input, 4096 in the output).",
    4096,
    44,
  ],
  ["prompt is too long: 200001 tokens > 200000 maximum", 200_000, 200_001],
  ["This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.", 8192, 9000],
  ["The input (5000 tokens) is longer than the model's context length (4096 tokens).", 4096, 5000],
  ["request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it", 4096, 5000],
  [
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    32_768,
    40_000,
  ],
  ["The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1_048_576, 1_200_000],
  ["the model is loaded with context length of only 4096 tokens, which is not enough", 4096, undefined],
  ["Range of input length should be [1, 30720]", 30_720, undefined],
  ["Your request exceeded model token limit: 8192", 8192, undefined],
  ["Please reduce the length of the messages or completion.", undefined, undefined],
];
test.each(numbers)("the numbers of: %s", (message, context, prompt) => {
  expect(readOverflow(message)).toEqual({ ...(context && { context }), ...(prompt && { prompt }) });
});

const over =
  (context: number, prompt: number, words: (asked: number) => string): Fault =>
  (socket, request) => {
    const asked = (JSON.parse(request.body).max_tokens as number | undefined) ?? 0;
    (prompt + asked > context ? respondError(400, words(asked)) : completion("ok"))(socket, request);
  };

test("the answer is asked for again with what is left, and the profile knows the limit", async () => {
  const { ask, bodies, models } = await rig([
    over(
      4096,
      44,
      (asked) =>
        `This model's maximum context length is 4096 tokens. However, you requested ${44 + asked} tokens (44 in the messages, ${asked} in the completion).`,
    ),
  ]);
  expect((await ask({ maxOutputTokens: 4096 })).text).toBe("ok");
  expect(bodies().map((body) => body.max_tokens)).toEqual([4096, 4052]);
  expect((await models.resolve("mine/m")).profile.contextTokens).toBe(4096);
  expect((await models.resolve("mine/n")).profile.contextTokens).toBe(32_768);
});

test("a refusal without numbers is tried once with a short answer", async () => {
  const { ask, bodies } = await rig([
    over(
      4096,
      44,
      () =>
        "context_length_exceeded: Please reduce the length of the messages or completion, it exceeds the context window.",
    ),
  ]);
  expect((await ask({ maxOutputTokens: 4096 })).text).toBe("ok");
  expect(bodies().map((body) => body.max_tokens)).toEqual([4096, 512]);
});

test("what does not fit is said in one sentence with the model's own limit", async () => {
  const { ask, bodies } = await rig([
    respondError(400, "The input (5000 tokens) is longer than the model's context length (4096 tokens)."),
  ]);
  const { error } = (await ask({ maxOutputTokens: 4096 })).end;
  expect(error).toMatchObject({
    code: "context_overflow",
    message: expect.stringMatching(/^The prompt is too long for m: it has 5000 tokens, and the model takes 4096\./),
  });
  expect(bodies()).toHaveLength(1);
});

test("llama.cpp sends the numbers as fields", async () => {
  const body = {
    error: {
      code: 400,
      message: "the request exceeds the available context size",
      type: "exceed_context_size_error",
      n_prompt_tokens: 5000,
      n_ctx: 4096,
    },
  };
  const { ask } = await rig([respond(400, JSON.stringify(body))]);
  expect((await ask()).end.error!.message).toContain("it has 5000 tokens, and the model takes 4096");
});

test.each(["max_model_len", "context_length", "context_window"])("the list of models tells %s", async (key) => {
  const list = respond(
    200,
    JSON.stringify({
      data: [
        { id: "m", [key]: 8000 },
        { id: "qwen3:8b", [key]: 1_000_000 },
      ],
    }),
  );
  const { models } = await rig([list], { models: undefined });
  const contexts = (await models.cards()).map((card) => [card.name, card.profile.contextTokens]);
  expect(contexts).toContainEqual(["mine/m", 8000]);
  expect(contexts).toContainEqual(["mine/qwen3:8b", 131_072]);
  const own = await rig([list], { models: undefined, profile: { contextTokens: 6000 } });
  expect((await own.models.cards())[0]!.profile.contextTokens).toBe(6000);
});
