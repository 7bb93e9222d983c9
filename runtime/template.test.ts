import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kind } from "./port.ts";
import { fillTemplate, renderTemplate, templateFault, templateIssues, templateNames } from "./template.ts";
import { readOutput } from "./template-syntax.ts";
import { growth } from "./testing/growth.ts";

/** The same template with a tag in it, which Liquid's tokenizer reads. */
const tagged = (source: string) => `${source}\n{% comment %}{% endcomment %}`;
const said = (source: string, kinds?: Record<string, Kind>) =>
  templateIssues(source, "/t", new Map(Object.entries(kinds ?? {}))).map(
    ({ severity, message }) => `${severity} ${message}`,
  );

describe("names of a template", () => {
  it("come in order, once each", () => {
    expect(templateNames("{{b}} and {{ a }} and {{b}}")).toEqual(["b", "a"]);
    expect(templateNames("no names { } at all")).toEqual([]);
    expect(templateNames("{{ true }} {{ nil }} {{x}}")).toEqual(["x"]);
    expect(templateNames("{{ a | upcase }} {% if b %}{{c}}{% endif %}")).toEqual(["a", "b", "c"]);
    expect(templateNames("{{ a[b].c | append: d.e, sep: f }}")).toEqual(["a", "b", "d", "f"]);
    expect(templateNames("{% for x in list %}{{x}}{{forloop.index}}{% endfor %}{{x}}")).toEqual(["list", "x"]);
    expect(templateNames("{% assign y = z %}{{y}}{% raw %}{{w}}{% endraw %}")).toEqual(["z"]);
  });

  it("are in any script, composed", () => {
    expect(templateNames("{{用户问题}} {{ größe }} {{имя}} {{اسم}} {{ชื่อ}} {{नाम}} {{cafe\u0301}}")).toEqual([
      "用户问题",
      "größe",
      "имя",
      "اسم",
      "ชื่อ",
      "नाम",
      "café",
    ]);
    expect(renderTemplate("回答：{{用户问题}}, {{cafe\u0301}}", { 用户问题: "何时？", café: 1 })).toBe(
      "回答：何时？, 1",
    );
  });

  it("are the same whoever reads them, and so are the issues", () => {
    const piece = fc.constantFrom(
      "{", "}", "{{", "}}", " ", "\n", "a", "b1", "_c", "true", "nil", "é", "用", "|", "-", "'", '"', ".", "0", "[", "]", "(", ",", ":", "{{a}}", "{{ b1 }}", "{{\na\n}}", "{{empty}}", "upcase",
    ); // biome-ignore format: one alphabet
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const source = pieces.join("");
        expect(templateNames(source)).toEqual(templateNames(tagged(source)));
        expect(said(source)).toEqual(said(tagged(source)));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("double braces that hold no variable", () => {
  it.each([
    ["Explain:\nint a[2][2] = {{1, 2}, {3, 4}};", 'Line 2, column 15: "{{1, 2}, {3, 4}}"'],
    ['<div style={{ color: "red" }}>{name}</div>', 'Line 1, column 12: "{{ color: "red" }}"'],
    ["f'{{}}' and don't {{ don't }}", 'Line 1, column 3: "{{}}" (and 1 more)'],
    ["{{#each rows}}x{{/each}}", 'Line 1, column 1: "{{#each rows}}" (and 1 more)'],
    ["{{% notice %}}", 'Line 1, column 1: "{{% notice %}}"'],
    ["汉字 {{{x}}}", 'Line 1, column 4: "{{{x}}}"'],
    ["{{ a + b }} or {{user name}}", 'Line 1, column 1: "{{ a + b }}" (and 1 more)'],
    ["{{ 'text' }} {{ 1 }} {{ nil }} {{ or }}", `Line 1, column 1: "{{ 'text' }}" (and 3 more)`],
    ["ends in {{ a", 'Line 1, column 9: "{{ a"'],
    ["{{ a | }}", 'Line 1, column 1: "{{ a | }}"'],
  ])("%j is sent as it is, with a warning", (source, message) => {
    for (const one of [source, tagged(source)]) {
      expect(said(one)).toEqual([`warning ${message} is not a variable and is sent as it is written.`]);
      expect(renderTemplate(one, {}).trimEnd()).toBe(source);
    }
    expect(templateFault(source)).toBeUndefined();
  });

  it("leave the variables beside and inside of them alone", () => {
    const values = { a: "A", b: { c: [1, 2] } };
    expect(renderTemplate("{{ {{a}} }} {{1}} {{ a -}} !{{a}}}} {{- a}} {{b.c[1]}}", values)).toBe(
      "{{ A }} {{1}} A!A}}A 2",
    );
  });

  it("are silent in raw text and comments", () => {
    expect(said("{% raw %}{{1,2}}{% endraw %}{% comment %}{{3,4}}{% endcomment %}")).toEqual([]);
    expect(renderTemplate("{% raw %}{{1,2}}{% endraw %}", {})).toBe("{{1,2}}");
  });

  it("what is accepted, Liquid reads whole", () => {
    const value = fc.constantFrom(
      "a",
      "a.b",
      "a[0]",
      'a["k"]',
      "a[b.c]",
      "é",
      "x-y",
      "'s'",
      '"t|u"',
      "1",
      "-2.5",
      "(1..3)",
      "true",
    );
    const filter = fc.constantFrom(
      "upcase",
      "append: a",
      'default: "x", allow_false: true',
      "slice: 0, 2",
      "join: ', '",
    );
    fc.assert(
      fc.property(value, fc.array(filter, { maxLength: 3 }), (first, filters) => {
        const source = `{{ ${[first, ...filters].join(" | ")} }}`;
        if (readOutput(source, 0) === undefined) expect(filters).toEqual([]);
        else expect(templateFault(tagged(source))).toBeUndefined();
      }),
    );
  });
});

describe("what cannot be a variable is refused by name", () => {
  it.each([
    ["{{2nd}}", 'Line 1, column 1: "2nd" cannot name a variable: a name begins with a letter or _.'],
    ["a\n {{ 1号.x }}", 'Line 2, column 2: "1号" cannot name a variable: a name begins with a letter or _.'],
    [
      `{{${"n".repeat(65)}}}`,
      `Line 1, column 3: "${"n".repeat(65)}" cannot name a variable: a name has at most 64 characters.`,
    ],
    [
      "{{ __proto__ }}",
      'Line 1, column 4: "__proto__" cannot name a variable: a name is not one of JavaScript\'s own.',
    ],
    ["{{ a | shout }}", "Line 1, column 1: The template does not parse: undefined filter: shout."],
    ["{% block x %}", 'Line 1, column 1: The template does not parse: tag "block" not found.'],
    ["50 {% off", 'Line 1, column 4: The template does not parse: tag "{% off" not closed.'],
    [
      "{% if a b %}{% endif %}",
      "Line 1, column 10: The template does not parse: an operator is missing between two values.",
    ],
    ["{% assign x = 1, 2 %}", 'Line 1, column 16: The template does not parse: unexpected ", 2".'],
  ])("%j", (source, message) => {
    expect(said(source)).toContain(`error ${message}`);
    expect(() => renderTemplate(source, { a: 1 })).toThrow(expect.objectContaining({ code: "bad_request" }));
  });

  it("a name of 64 characters is one", () => expect(templateNames(`{{${"字".repeat(64)}}}`)).toHaveLength(1));
});

describe("keys", () => {
  it("of a text or a list are an issue, but its size", () => {
    expect(said("{{message.name}} {{message.size}} {{message[0]}}", { message: "text" })).toEqual([
      'error Line 1, column 3: "message" is a text and has no "name".',
    ]);
    expect(said("{{docs.first.title}} {{docs['title']}}", { docs: "documents" })).toEqual([
      'error Line 1, column 24: "docs" is a list and has no "title".',
    ]);
    expect(said("{% if m.x %}{{ m.y | upcase }}{% endif %}", { m: "text" })).toHaveLength(2);
    expect(said("{{data.name}} {{other.name}}", { data: "json", other: "any" })).toEqual([]);
  });

  it("that are not there stop the run, unless there is a default", () => {
    const values = { user: { name: "Li", none: null } };
    expect(
      renderTemplate("{{user.name}}{{user.none}}{{user.age | default: '?'}}{% if user.age %}!{% endif %}", values),
    ).toBe("Li?");
    expect(renderTemplate("{% for pet in user.pets %}x{% endfor %}", values)).toBe("");
    for (const source of [
      "{{user.age}}",
      "{{ user.age | upcase }}",
      "{{nobody}}",
      "{% echo user.age %}",
      "{{ user.name | append: user.age }}",
    ])
      expect(() => renderTemplate(`a\n${source}`, values), source).toThrow(/Line 2, .* has no value/);
  });

  it("are encoded last, once", () => {
    const source = "/{{u.id}}/{{ u.id | upcase | raw }}/{{ u.id | url_encode }}";
    const print = (value: unknown) => encodeURIComponent(String(value));
    expect(fillTemplate(source, { u: { id: "a/b" } }, print, true)).toBe("/a%2Fb/A%2FB/a%2Fb");
    expect(renderTemplate(source, { u: { id: "a/b" } })).toBe("/a/b/A/B/a%2Fb");
  });
});

describe("the work of a template", () => {
  it.each([
    "{% for i in (1..1000000) %}{{i}}{% endfor %}",
    "{% for i in list %}{% for j in list %}{% endfor %}{% endfor %}",
    "{% for i in (1..40000) %}{% assign q = text | replace: 'x', 'y' %}{% endfor %}",
    "{% for i in (1..9000) %}{{text}}{% endfor %}",
    "{% for i in (1..9000) %}{% for j in list offset: 1 limit: 1 %}{% endfor %}{% endfor %}",
    "{% for i in (1..9000) %}{% assign s = list | sort %}{% endfor %}",
    "{% assign s = text %}{% for i in (1..99) %}{% assign s = s | append: s %}{% endfor %}",
  ])("is bounded: %s", (source) => {
    const values = { list: Array(2000).fill("x"), text: "x".repeat(10_000) };
    expect(() => renderTemplate(source, values)).toThrow(
      /it (?:takes more than \d+ steps|makes more than \d+ characters)/,
    );
  });

  it("a long list fits", () => {
    const rows = Array.from({ length: 5000 }, (_, n) => ({ n }));
    expect(renderTemplate("{% for row in rows %}{{row.n}},{% endfor %}", { rows })).toHaveLength(23_890);
  });

  it("to read it grows with its length, whatever it holds", () => {
    const parts = [
      "{{",
      '{{"',
      "{{'a",
      "{{a|",
      "{{a[",
      "{{(",
      "{{ a | b: c, ",
      "{{2a",
      "{{2a}}",
      "{{a.b | upcase}}",
      "{% if x %}y{% endif %}",
      "{% if x %}",
      `{{${"x".repeat(600)}`,
      `{{${"7".repeat(600)}`,
    ];
    for (const part of parts) {
      let unread = 0;
      const read = (size: number) => {
        // A source that was read is known: each is another one.
        const source = `${part.repeat(size / part.length)}{% comment %}${unread++}{% endcomment %}`;
        templateNames(source);
        templateIssues(source, "");
      };
      expect(growth(read, 2_000, 100), part).toBeLessThan(4_000);
    }
  });
});
