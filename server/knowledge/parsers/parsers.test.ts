import { describe, expect, test } from "vitest";
import { chunkText } from "../../../runtime/retrieval/chunk.ts";
import { parserFor } from "./index.ts";

const parse = (title: string, source: string | Uint8Array, mediaType?: string) =>
  parserFor(title, mediaType).parse(typeof source === "string" ? new TextEncoder().encode(source) : source, title);

describe("HTML", () => {
  test("keeps what a reader sees, as Markdown", () => {
    const { text, title, lines } = parse(
      "page.html",
      `<!doctype html><html><head><title> Travel
         policy </title><style>p{}</style></head><body><nav>Home</nav>
       <h1>Travel</h1><p>Book   <b>early</b>.<br>Trains&nbsp;first &amp; planes last.</p>
       <h2>Rates</h2><table><tr><th>City</th><th>Night</th></tr><tr><td>Berlin</td><td>120 | 130</td></tr></table>
       <ul><li>Keep receipts<ol><li>all</li><li>of them</li></ol></li><li><p>Submit</p></li></ul>
       <pre>a
  b</pre><script>alert("x")</script></body></html>`,
    );
    expect({ title, lines }).toEqual({ title: "Travel policy", lines: false });
    expect(text).toBe(
      "# Travel\n\nBook early.\nTrains first & planes last.\n\n## Rates\n\n| City | Night |\n| --- | --- |\n| Berlin | 120 \\| 130 |\n\n- Keep receipts\n  1. all\n  2. of them\n- Submit\n\n```\na\n  b\n```",
    );
    expect([...chunkText(text, { format: "markdown" })].map((chunk) => chunk.heading)).toEqual([
      "Travel",
      "Travel > Rates",
    ]);
  });

  test("leaves out what only a model would see", () => {
    const { text } = parse(
      "a.html",
      '<p>Seen</p><p hidden>no1</p><div style="display: none">no2<p>no3</p></div><span aria-hidden="true">no4</span><!-- no5 --><template>no6</template><p>Also seen</p>',
    );
    expect(text).toBe("Seen\n\nAlso seen");
  });

  test("survives tags that never end", () => {
    expect(parse("a.html", "<h1>Open<p>text<table><tr><td>cell").text).toContain("text");
    expect(parse("a.html", "<<<>>><div").text).toBeTypeOf("string");
  });
});

describe("CSV", () => {
  test("names its columns in every row", () => {
    expect(parse("rates.csv", 'City,Night,Note\nBerlin,120,"one,\ntwo"\n"Shang""hai",,x\n').text).toBe(
      'City: Berlin; Night: 120; Note: one, two\nCity: Shang"hai; Note: x',
    );
  });

  test("finds the separator, and takes uneven rows", () => {
    expect(parse("a.csv", "名称；x\n城市;标准\n".slice(5)).text).toBe("城市; 标准");
    expect(parse("a.csv", "a;b\n1;2;3\n").text).toBe("a: 1; b: 2; 3");
    expect(parse("a.tsv", "a\tb\n1\t2\n").text).toBe("a: 1; b: 2");
  });
});

describe("JSON", () => {
  test("becomes lines that name their path, a paragraph an item", () => {
    expect(
      parse("a.json", '[{"city":"Berlin","rate":{"night":120,"tags":["a","b"]},"note":null},{"city":"上海"}]').text,
    ).toBe("city: Berlin\nrate.night: 120\nrate.tags: a, b\n\ncity: 上海");
    expect(parse("a.jsonl", '{"a":1}\n\n{"a":2}\n').text).toBe("a: 1\n\na: 2");
  });

  test("says where it is broken, and bears depth", () => {
    expect(() => parse("a.jsonl", '{"a":1}\n{oops}')).toThrow(/Line 2 of "a.jsonl"/);
    expect(() => parse("a.json", "{")).toThrow(/"a.json" is not JSON/);
    expect(parse("a.json", `${"[".repeat(500)}{}${"]".repeat(500)}`).text).toContain("…");
  });
});

describe("text", () => {
  test.each([
    ["UTF-8 with its mark", [0xef, 0xbb, 0xbf, 0xe5, 0xb9, 0xb4], "年"],
    ["UTF-16 little", [0xff, 0xfe, 0x74, 0x5e], "年"],
    ["UTF-16 big", [0xfe, 0xff, 0x5e, 0x74], "年"],
    ["GB18030", [0xc4, 0xea], "年"],
    ["UTF-16 without its mark", [0x41, 0, 0x3a, 0, 0x20, 0, 0x74, 0x5e], "A: 年"],
    ["ISO-2022-JP", [0x1b, 0x24, 0x42, 0x46, 0x7c, 0x1b, 0x28, 0x42], "日"],
  ])("reads %s", (_, bytes, text) => expect(parse("a.txt", new Uint8Array(bytes)).text).toBe(text));

  test("takes out what hides words, and evens line ends", () => {
    expect(parse("a.md", "a\u202eb\u0007c\u{e0041}d\r\ne\rf\tg\fh").text).toBe("abcd\ne\nf\tg\fh");
  });

  test("refuses a file that is not text, by name", () => {
    expect(() => parse("a.txt", new Uint8Array([0, 1, 2]))).toThrow(/"a.txt" is not text/);
    expect(() => parse("a.txt", new Uint8Array([0xff, 0xff, 0xff]))).toThrow(/not text/);
  });
});

describe("choosing", () => {
  test.each([
    ["a.md", undefined, "Markdown"],
    ["A.HTM", "text/plain", "HTML"],
    ["page", "text/html; charset=utf-8", "HTML"],
    ["README", undefined, "text"],
    ["main.py", "text/x-python", "text"],
    ["notes", "application/octet-stream", "text"],
    ["data", "application/json", "JSON"],
  ])("%s (%s) is read as %s", (title, type, name) => expect(parserFor(title, type).name).toBe(name));

  test.each([
    ["a.pdf", undefined],
    ["b.docx", "text/plain"],
    ["c", "image/png"],
  ])("%s (%s) is refused", (title, type) =>
    expect(() => parserFor(title, type)).toThrow(/cannot be read into knowledge/),
  );
});
