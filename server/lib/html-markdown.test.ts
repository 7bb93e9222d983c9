import { expect, test } from "vitest";
import { chunkText } from "../../runtime/retrieval/chunk.ts";
import { growth } from "../../runtime/testing/growth.ts";
import { htmlToMarkdown } from "./html-markdown.ts";

test("leaves out scripts, and decodes entities", () => {
  expect(htmlToMarkdown("<ul><li>one<li>two</ul><!-- no --><style>x{}</style>&#20320;&unknown;").text).toBe(
    "- one\n- two\n\n你&unknown;",
  );
  expect(htmlToMarkdown("<script>".repeat(20_000)).text).toBe("");
  expect(htmlToMarkdown("<".repeat(200_000)).text.length).toBeLessThanOrEqual(200_000);
});

test("the work grows with the length of a page, however it is built", () => {
  const parts = [
    "<p>a <b>b</b> c</p>",
    "<b>x</b> ",
    "<div>",
    "<i>a\n",
    "<td>x",
    "<li>x",
    "<ul><li>x",
    "<svg>",
    "<title>",
    "<table><tr><td>x",
    "<td rowspan=9 colspan=99>x",
    "</b>",
    "<h1># [",
    "<select><option>x",
  ];
  for (const part of parts) {
    const work = (size: number) => {
      const { text } = htmlToMarkdown(part.repeat(size / part.length));
      expect([...chunkText(text, { format: "markdown" })].length).toBeLessThan(size);
    };
    expect(growth(work, 4_000, 100), part).toBeLessThan(4_000);
  }
});

test("the text of a page is not longer than its spans and lists allow", () => {
  for (const part of ["<table><tr><td rowspan=1000 colspan=1000>words", "<td colspan=1000>x", "<ul><li>x"]) {
    const source = part.repeat(5_000);
    expect(htmlToMarkdown(source).text.length, part).toBeLessThan(10 * source.length);
  }
});

test("loses nothing of a page that nests too deeply", () => {
  const { text } = htmlToMarkdown(
    `<p>before</p>${"<div>".repeat(6000)}<p>deep</p>${"</div>".repeat(6000)}<p>after</p>`,
  );
  expect(text).toBe("before\n\ndeep\n\nafter");
});

const table = (rows: string) => htmlToMarkdown(`<table>${rows}</table>`).text.split("\n");

test("a table in a cell is words of the cell, and its row stays whole", () => {
  expect(
    table(
      "<tr><th>Region</th><th>Q1</th><th>Q2</th></tr><tr><td>North</td><td>10</td><td>20</td></tr>" +
        "<tr><td>South<table><tr><td>inner</td></tr></table></td><td>30</td><td>40</td></tr>",
    ),
  ).toEqual(["| Region | Q1 | Q2 |", "| --- | --- | --- |", "| North | 10 | 20 |", "| South inner | 30 | 40 |"]);
  const three = "<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table></td><td>d</td></tr></table>";
  expect(table(`<tr><th>H</th><th>I</th></tr><tr><td>${three}</td><td>e</td></tr>`).at(-1)).toBe("| a b c d | e |");
});

test("spans keep the columns under their heads", () => {
  expect(
    table(
      "<caption>Sales</caption><thead><tr><th rowspan=2>Region<th colspan=2>2024<tr><th>Q1<th>Q2</thead>" +
        "<tr><td rowspan=2>North<td>1<td>2<tr><td>3<td>4<tr><td colspan=2>Sum<td>10<tr><td rowspan=0>End<td>5",
    ),
  ).toEqual([
    "Sales",
    "",
    "| Region | 2024 Q1 | 2024 Q2 |",
    "| --- | --- | --- |",
    "| North | 1 | 2 |",
    "| North | 3 | 4 |",
    "| Sum |  | 10 |",
    "| End | 5 |",
  ]);
});

test("a table that only arranges a page becomes its blocks", () => {
  const inner = "<table><tr><th>a<th>b<tr><td>1<td>2</table>";
  expect(table(`<tr><td><h1>News</h1><p>Text</p></td><td>${inner}</td></tr>`)).toEqual(
    "# News\n\nText\n\n| a | b |\n| --- | --- |\n| 1 | 2 |".split("\n"),
  );
  expect(htmlToMarkdown("<table role=presentation><tr><td>one<td>two</table>").text).toBe("one\n\ntwo");
  expect(htmlToMarkdown("<table><tr><td>one<tr><td>two</table>").text).toBe("one\n\ntwo");
});
