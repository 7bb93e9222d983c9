import { expect, it } from "vitest";
import { openVariable } from "./open-variable.ts";

/** `|` is the cursor. */
const written = (text: string) => {
  const at = text.indexOf("^");
  const line = text.replace("^", "");
  const open = openVariable(line, at);
  return open && `${line.slice(0, open.start)}NAME${open.close}${line.slice(open.end)}`;
};

it("is found between braces, whatever is closed already", () => {
  expect(written("a {{^")).toBe("a {{NAME}}");
  expect(written("a {{^}}")).toBe("a {{NAME}}");
  expect(written("a {{^}")).toBe("a {{NAME}}");
  expect(written("{{ que^stion }} b")).toBe("{{ NAME }} b");
  expect(written("{{用^户}}")).toBe("{{NAME}}");
  expect(written("{{ a^ | upcase }}")).toBe("{{ NAME | upcase }}");
  expect(written("{{- ^ more")).toBe("{{- NAME}} more");
});

it("is not found elsewhere", () => {
  for (const text of ["a { ^", "{{a}} ^", "{{ a | up^", "{{a b^", "^{{a}}"]) expect(written(text)).toBeUndefined();
});
