import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bodyKind, type Filler, fillBody, fillUrl, requestUrl, urlTemplateFault } from "./http-request.ts";
import { fillTemplate, valueText } from "./template.ts";

const filler = (values: Record<string, unknown>): Filler => ({
  fill: (template, print, isEncoded) => fillTemplate(template, values, print, isEncoded),
  text: valueText,
  values,
});
const url = (template: string, values: Record<string, unknown>) => fillUrl(template, filler(values), "bad_request");
const body = (template: string, values: Record<string, unknown>, type?: string) =>
  fillBody(template, bodyKind(template, type), filler(values));
/** What an attacker would write, and anything else. */
const hostile = fc.oneof(
  fc.constantFrom(
    "..",
    ".",
    "",
    "../x",
    "%2e%2e",
    "..\\x",
    "//evil.test",
    "https://evil.test/",
    "@evil.test",
    "a?b#c",
    "a&b=c",
  ),
  fc.constantFrom('","admin":true,"x":"', '\\"', "{{b}}", "\ue0000\ue001", "\ud800", "\r\nx: y", "a=1&b=2", "</a><b>"),
  fc.string({ unit: "binary", maxLength: 12 }),
);

describe("the URL of a request", () => {
  it("keeps its origin, its segments and its parameters, whatever the values are", () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (a, b, q) => {
        let filled: string;
        try {
          filled = url("https://api.test/v1/{{a}}/x-{{b}}/end?q={{q}}&fixed=1", { a, b, q });
        } catch (thrown) {
          expect(thrown).toMatchObject({
            code: "bad_request",
            message: expect.stringContaining("part of the address"),
          });
          expect(["", ".", ".."]).toContain(a);
          return;
        }
        const read = new URL(filled);
        expect([read.origin, read.username, read.hash]).toEqual(["https://api.test", "", ""]);
        const segments = read.pathname.split("/").map(decodeURIComponent);
        expect(segments).toEqual(["", "v1", a.toWellFormed(), `x-${b.toWellFormed()}`, "end"]);
        expect([...read.searchParams]).toEqual([
          ["q", q.toWellFormed()],
          ["fixed", "1"],
        ]);
      }),
    );
  });

  it("joins a base with a path that values made, and refuses what leaves the base", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("https://api.test", "https://api.test/v1", "https://api.test:8443/a/"),
        hostile,
        (base, path) => {
          let joined: string;
          try {
            joined = requestUrl(base, path, [], "bad_arguments");
          } catch (thrown) {
            expect(thrown).toMatchObject({ code: "bad_arguments" });
            return;
          }
          const read = new URL(joined);
          expect(read.origin).toBe(new URL(base).origin);
          expect(`${read.pathname}/`.startsWith(new URL(`${base.replace(/\/$/, "")}/`).pathname)).toBe(true);
        },
      ),
    );
    expect(requestUrl("https://api.test", "evil.test/x", [], "bad_arguments")).toBe("https://api.test/evil.test/x");
    expect(requestUrl("https://api.test/v1/", "/a", ["b=1"], "bad_arguments")).toBe("https://api.test/v1/a?b=1");
  });

  it.each([
    ["two values make a climb", "https://a.test/x/{{a}}{{b}}/y", { a: ".", b: "." }],
    ["the template writes half of it in percent signs", "https://a.test/x/%2e{{a}}/y", { a: "." }],
    ["a value is empty", "https://a.test/x/{{a}}/y", { a: "" }],
    ["a filter undoes the encoding", "https://a.test/x/{{a | url_decode}}/y", { a: "%2e%2e" }],
  ])("refuses to climb when %s", (_, template, values) => {
    expect(() => url(template, values)).toThrow("part of the address");
  });

  it("leaves out a parameter without a value, repeats a list, and reads through to a key", () => {
    expect(
      url("https://a.test/x?a={{a}}&b={{b}}&c={{c.d}}-{{c.d}}#top", { a: null, b: ["1", 2, { e: 3 }], c: { d: "/" } }),
    ).toBe("https://a.test/x?b=1&b=2&b=%7B%22e%22%3A3%7D&c=%2F-%2F");
    expect(url("https://a.test/{{a | raw}}?b={{a | url_encode}}", { a: "x/y" })).toBe("https://a.test/x%2Fy?b=x%2Fy");
    expect(url("https://a.test/{% if q %}s?q={{q}}{% endif %}", { q: "a&b" })).toBe("https://a.test/s?q=a%26b");
    expect(url("https://a.test/{% capture c %}{{q}}!{% endcapture %}{{c}}", { q: "a/b" })).toBe(
      "https://a.test/a%2Fb%21",
    );
  });

  it.each([
    "",
    "{{a}}",
    "https://{{a}}/",
    "https://a.test{{b}}/",
    "https://u@a.test/",
    "https://a.test\\@b/",
    "//a",
    "ftp://a",
    "https://a.test/../b",
    "https://a.test/%2E/b",
  ])("the template %j is refused", (template) => {
    expect(urlTemplateFault(template)).toBeTypeOf("string");
  });
});

describe("the body of a request", () => {
  it("has the fields that the author wrote, whatever the values are", () => {
    fc.assert(
      fc.property(hostile, fc.anything({ maxDepth: 2 }), (text, any) => {
        const value: unknown = JSON.parse(JSON.stringify({ any }) ?? "{}").any;
        const made = body('{ "a": "{{text}}", "b": {{text}}, "c": {{value}}, "d": "x {{value}}" }', { text, value });
        const read = JSON.parse(made) as Record<string, unknown>;
        expect(Object.keys(read)).toEqual(["a", "b", "c", "d"]);
        expect(read.a).toBe(text);
        expect(read.d).toBe(`x ${valueText(value)}`);
      }),
    );
  });

  it("takes what is JSON outside of quotes as it is, and makes a string of other text", () => {
    const values = {
      n: 5,
      text: "5",
      word: 'a", "b": "c',
      list: [1, "x"],
      nothing: undefined,
      big: "12345678901234567890",
    };
    expect(
      body('{"n": {{n}}, "t": {{text}}, "w": {{word}}, "l": {{list}}, "o": {{nothing}}, "b": {{big}}}', values),
    ).toBe('{"n": 5, "t": 5, "w": "a\\", \\"b\\": \\"c", "l": [1,"x"], "o": null, "b": 12345678901234567890}');
    expect(body('{"w": {{word | json}}, "t": {{text | json}}}', values)).toBe('{"w": "a\\", \\"b\\": \\"c", "t": "5"}');
    expect(
      body('{"all": [{% for x in list %}"{{x}}"{% unless forloop.last %},{% endunless %}{% endfor %}]}', values),
    ).toBe('{"all": ["1","x"]}');
  });

  it("is the value where it is one value alone", () => {
    expect(body("{{all}}", { all: { a: 1 } })).toBe('{"a":1}');
    expect(body(" {{all}} ", { all: "plain" }, "application/json")).toBe("plain");
    expect(body("{{all}}", { all: "a=1&b=2" }, "application/x-www-form-urlencoded")).toBe("a=1&b=2");
  });

  it("keeps a value within its parameter of a form, its element of XML and its line of JSON", () => {
    const a = '1&admin=true</a>"\n{}';
    expect([...new URLSearchParams(body("a={{a}}&b=2", { a }, "application/x-www-form-urlencoded"))]).toEqual([
      ["a", a],
      ["b", "2"],
    ]);
    expect(body("a={{a | url_encode}}", { a }, "application/x-www-form-urlencoded")).toBe(`a=${encodeURIComponent(a)}`);
    expect(body("<x>{{a}}</x>", { a }, "application/xml")).toBe("<x>1&#38;admin=true&#60;/a&#62;&#34;\n{}</x>");
    expect(body('{"index":{}}\n{"a":"{{a}}"}\n', { a }, "application/x-ndjson").split("\n")).toHaveLength(3);
    expect(body("Dear {{a}}", { a })).toBe(`Dear ${a}`);
  });

  it("takes nothing in a value for a place of another value", () => {
    const values = { a: "\ue0000\ue001", b: "\ue000\ue0000\ue001", c: "secret" };
    expect(body("{{c}} {{a}} {{b}}", values)).toBe(`secret ${values.a} ${values.b}`);
  });

  it("does not grow without bound when it captures what it printed", () => {
    const step = (to: string, from: string) => `{% capture ${to} %}${`{{${from}}}`.repeat(40)}{% endcapture %}`;
    const template = `${step("b", "a")}${step("c", "b")}${step("d", "c")}${step("e", "d")}{{e}}`;
    expect(() => body(template, { a: "x".repeat(40) })).toThrow(/too large|limit/);
  });
});
