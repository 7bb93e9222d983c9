import { describe, expect, it } from "vitest";
import { emptyDraft, faultsOf, headersOf, importOf, parametersOf, toolOf } from "./tool-draft.ts";

describe("a tool written by hand", () => {
  it("reads arguments a line each", () => {
    expect(parametersOf("city: Where, in English\n\ndays?: How many\nplain\nnot a name: x")).toEqual({
      type: "object",
      properties: {
        city: { type: "string", description: "Where, in English" },
        days: { type: "string", description: "How many" },
        plain: { type: "string" },
      },
      required: ["city", "plain"],
      additionalProperties: false,
    });
  });

  it("reads headers, and secrets by name with what stands before them", () => {
    expect(headersOf("Accept: application/json\nAuthorization: Bearer {{secret:KEY_1}}\nX-Key: {{secret:K}}")).toEqual({
      Accept: "application/json",
      Authorization: { secret: "KEY_1", prefix: "Bearer " },
      "X-Key": { secret: "K" },
    });
  });

  it("says what is missing before it is sent", () => {
    expect(faultsOf(emptyDraft("http"))).toEqual({ name: true, summary: true, url: true });
    const draft = {
      ...emptyDraft("http"),
      name: "weather",
      summary: "Weather of a city",
      url: "https://a.example/{{city}}",
      headers: "ok: 1\nbad",
    };
    expect(faultsOf(draft)).toEqual({ headers: { line: 2 } });
  });

  it("never sends a host that an argument could choose", () => {
    expect(faultsOf({ ...emptyDraft("http"), name: "x", summary: "does it", url: "https://{{host}}/a" })).toEqual({
      url: true,
    });
  });

  it("makes one binding", () => {
    const http = toolOf({
      ...emptyDraft("http"),
      name: "weather",
      summary: "Weather",
      url: "https://a.example/{{city}}",
      parameters: "city",
    });
    expect(http).toMatchObject({ name: "http/weather", http: { method: "GET", headers: {} } });
    expect(http.http).not.toHaveProperty("body");
    expect(toolOf({ ...emptyDraft("code"), name: "size", summary: "Size" })).toMatchObject({
      name: "code/size",
      code: { timeoutMs: 2000 },
    });
  });
});

describe("what was pasted", () => {
  it.each([
    ["openapi: 3.1.0\ninfo: {}", "openapi"],
    ['{ "swagger": "2.0" }', "openapi"],
    ['{"info":{},"openapi":"3.0.0"}', "openapi"],
    ["# a comment\nopenapi: 3.0.3", "openapi"],
    ['{ "name": "RenewInstance", "parameters": [] }', "template"],
    ["name: weather\nurl: https://x", "template"],
  ])("%s", (text, kind) => {
    expect(Object.keys(importOf(text))).toEqual([kind]);
  });
});
