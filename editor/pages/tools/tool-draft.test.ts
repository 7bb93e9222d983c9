import { describe, expect, it } from "vitest";
import type { CustomTool } from "../../../server/contract/custom-tool.ts";
import { draftOf, emptyDraft, faultsOf, headersOf, importOf, toolOf } from "./tool-draft.ts";

describe("a tool written by hand", () => {
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

  it("is edited without losing what the form does not show", () => {
    const http: CustomTool = {
      name: "http/weather",
      summary: "Weather of a city",
      effect: "read",
      parameters: { type: "object", properties: { city: { anyOf: [{ type: "string" }, { type: "null" }] } } },
      http: {
        method: "POST",
        url: "https://a.example/{{city}}",
        headers: {
          Accept: "text/plain",
          Authorization: { secret: "LOGIN", as: "basic" },
          "X-Key": { secret: "K", prefix: "v1 " },
        },
        body: '{"city":{{city}}}',
        timeoutMs: 5000,
        output: { pick: "data.0" },
      },
    };
    const draft = draftOf(http)!;
    expect(faultsOf(draft)).toEqual({});
    expect(toolOf(draft)).toEqual(http);
    const changed = toolOf({ ...draft, headers: `${draft.headers.replace("text/plain", "text/html")}\nX-New: 1` });
    expect(changed.http?.headers).toEqual({ ...http.http!.headers, Accept: "text/html", "X-New": "1" });
    expect(toolOf({ ...draft, method: "GET" }).http).not.toHaveProperty("body");
    const code: CustomTool = {
      name: "code/Size",
      summary: "Size of a text",
      effect: "read",
      parameters: { type: "object", properties: { text: { type: "string" } } },
      code: { source: "return input.text.length;", timeoutMs: 900 },
    };
    expect(faultsOf(draftOf(code)!)).toEqual({});
    expect(toolOf(draftOf(code)!)).toEqual(code);
    expect(draftOf({ ...code, code: undefined, model: { model: "default", instructions: "i", input: "x" } })).toBe(
      undefined,
    );
  });

  it("makes one binding", () => {
    const http = toolOf({
      ...emptyDraft("http"),
      name: "weather",
      summary: "Weather",
      url: "https://a.example/{{city}}",
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
