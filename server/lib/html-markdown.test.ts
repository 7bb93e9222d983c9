import { expect, test } from "vitest";
import { htmlToMarkdown } from "./html-markdown.ts";

test("leaves out scripts, and decodes entities", () => {
  expect(htmlToMarkdown("<ul><li>one<li>two</ul><!-- no --><style>x{}</style>&#20320;&unknown;").text).toBe(
    "- one\n- two\n\n你&unknown;",
  );
  expect(htmlToMarkdown("<script>".repeat(20_000)).text).toBe("");
  expect(htmlToMarkdown("<".repeat(200_000)).text.length).toBeLessThanOrEqual(200_000);
});

test("the work grows with the length of a page, however it is built", () => {
  const workOf = (part: string, times: number) => {
    const started = performance.now();
    htmlToMarkdown(part.repeat(times));
    return performance.now() - started;
  };
  for (const part of ["<p>a <b>b</b> c</p>", "<b>x</b> ", "<div>", "<i>a\n", "<td>x"]) {
    const few = Math.min(...[1, 2, 3].map(() => workOf(part, 10_000)));
    expect(workOf(part, 100_000)).toBeLessThan(40 * few + 40);
  }
});

test("cuts a page where it nests too deeply", () => {
  const { text } = htmlToMarkdown(`<p>before</p>${"<div>".repeat(6000)}<p>after</p>`);
  expect(text).toBe("before");
});
