/** Thoughts that a model's server left in the text, in every spelling, wherever the stream is cut. */
import { describe, expect, it } from "vitest";
import { cutAt, type Parsed, parsePieces } from "./contract.ts";
import { hermes } from "./hermes.ts";
import { native } from "./native.ts";

/** The same, however it is cut. */
function read(text: string, format = native): Parsed {
  const whole = parsePieces(format, [text]);
  expect(parsePieces(format, [...text])).toEqual(whole);
  for (let at = 1; at < text.length; at++) expect(parsePieces(format, cutAt(text, [at]))).toEqual(whole);
  return whole;
}

const SPELLINGS = [
  ["<think>", "</think>"],
  ["<thought>", "</thought>"],
  ["[THINK]", "[/THINK]"],
  ["<seed:think>", "</seed:think>"],
  ["<|START_THINKING|>", "<|END_THINKING|>"],
] as const;

describe.each(SPELLINGS)("%s … %s", (open, close) => {
  it("is taken out", () => {
    expect(read(`${open}I know.${close}\n\nHello!`)).toEqual({ text: "Hello!", reasoning: "I know.", calls: [] });
  });
  it("the closing tag alone ends thoughts that began at the beginning", () => {
    expect(read(`The user says hi.\nI greet back.\n${close}\n\nHello!`)).toEqual({
      text: "Hello!",
      reasoning: "The user says hi.\nI greet back.",
      calls: [],
    });
  });
  it("the closing tag at the very beginning is nothing", () => {
    expect(read(`${close}\n\nHello!`)).toEqual({ text: "Hello!", reasoning: "", calls: [] });
  });
  it("an answer may speak of the tags", () => {
    for (const text of [
      `Write ${open}a${close} around it.`,
      `The tag \`${close}\` ends it.`,
      `It is "${close}", mostly.`,
    ])
      expect(read(text)).toEqual({ text, reasoning: "", calls: [] });
  });
});

describe("a lone closing tag", () => {
  it("behind a quote in the thoughts is none that is spoken of", () => {
    expect(read('I say "Hello!"</think>Hello!').text).toBe("Hello!");
    expect(read('I say "Hello!"</think>').text).toBe("");
  });
  it("counts once; later ones are stray", () => {
    expect(read("a</think>b</think>c")).toMatchObject({ text: "bc", reasoning: "a" });
    expect(read("<think>a</think>b</think>c")).toMatchObject({ text: "bc", reasoning: "a" });
  });
  it("takes the calls among the thoughts with it, and leaves those behind", () => {
    const call = (name: string) => `<tool_call>{"name": "${name}", "arguments": {}}</tool_call>`;
    for (const format of [native, hermes])
      expect(read(`Should I?\n${call("one")}</think>\n${call("two")}`, format)).toMatchObject({
        text: "",
        reasoning: "Should I?",
        calls: [{ name: "two" }],
      });
  });
  it("60,000 times in one piece, and other tags too, is read; in quadratic time that takes a minute", () => {
    const many = 60_000;
    const read = (tag: string) => parsePieces(native, [tag.repeat(many)]);
    expect(read("</think>")).toEqual({ text: "", reasoning: "", calls: [] });
    expect(read("<think></think>")).toEqual({ text: "", reasoning: "", calls: [] });
    expect(read("a</think>")).toEqual({ text: "a".repeat(many - 1), reasoning: "a", calls: [] });
    expect(read("</tool_call>").text).toBe("");
    expect(read('<tool_call>"\\"</tool_call>').calls.length).toBeLessThan(100);
  });
});

describe("the channels of gpt-oss", () => {
  const analysis = "<|channel|>analysis<|message|>A greeting.<|end|>";
  it("analysis is reasoning, final is the answer", () => {
    expect(read(`${analysis}<|start|>assistant<|channel|>final<|message|>Hello!<|return|>`)).toEqual({
      text: "Hello!",
      reasoning: "A greeting.",
      calls: [],
    });
  });
  it("a call to a function is a call", () => {
    const call =
      '<|start|>assistant<|channel|>commentary to=functions.clock <|constrain|>json<|message|>{"addDays": 1}<|call|>';
    const swapped = '<|start|>assistant to=functions.clock<|channel|>commentary json<|message|>{"addDays": 1}<|call|>';
    for (const text of [analysis + call, analysis + swapped])
      expect(read(text)).toEqual({
        text: "",
        reasoning: "A greeting.",
        calls: [{ id: "", name: "clock", arguments: { addDays: 1 } }],
      });
  });
  it("the analysis may have been opened by the template", () => {
    for (const end of ["<|end|><|start|>assistant", "<|start|>assistant", ""])
      expect(read(`A greeting.${end}<|channel|>final<|message|>Hello!<|return|>`)).toEqual({
        text: "Hello!",
        reasoning: "A greeting.",
        calls: [],
      });
    expect(read("<|channel|>final<|message|>Hello!<|return|>")).toEqual({ text: "Hello!", reasoning: "", calls: [] });
  });
  it("without the marks between them", () => {
    expect(read("analysisA greeting.assistantfinalHello!")).toMatchObject({ text: "Hello!", calls: [] });
    expect(read("analysis of the text").text).toBe("analysis of the text");
    expect(read("The assistantfinal word").text).toBe("The assistantfinal word");
  });
});
