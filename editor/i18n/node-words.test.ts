import { describe, expect, it } from "vitest";
import { ISSUE_CODES } from "../../runtime/issue.ts";
import { KINDS } from "../../runtime/port.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { formFields } from "../fields/form-schema.ts";
import { definitions, table } from "../graph/node-types.ts";
import { createPortReader } from "../graph/ports.ts";
import { issueText } from "../hooks/issue-words.ts";
import { ICONS } from "../hooks/node-icons.ts";
import { nodeWords } from "./node-words.ts";

const zh = nodeWords("zh");
const en = nodeWords("en");
const han = /\p{Script=Han}/u;
/** Names that are the same in both languages. */
const names = new Set([
  "HTTP",
  "JSON",
  "JavaScript",
  "Hermes",
  "ReAct",
  "ModelScope",
  "GET",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "HEAD",
]);
const inChinese = (text: string) => han.test(text) || names.has(text);

describe("words of node types", () => {
  it.each(definitions.map((definition) => [definition.type, definition] as const))(
    "has %s in Chinese: title, fields, ports, options",
    (type, definition) => {
      expect(inChinese(zh.title(type)), zh.title(type)).toBe(true);
      expect(han.test(zh.summary(type)), zh.summary(type)).toBe(true);
      for (const field of formFields(definition)) {
        const words = zh.field(type, field.name);
        expect(inChinese(words.label), `${type}.${field.name}: ${words.label}`).toBe(true);
        if (en.field(type, field.name).help)
          expect(han.test(words.help ?? ""), `${type}.${field.name}: help`).toBe(true);
        for (const option of (field.schema.enum ?? []) as string[])
          expect(inChinese(zh.option(type, option)), option).toBe(true);
      }
      const parsed = definition.config.parse({});
      const ports = definition.ports(parsed);
      // The author names the ports of a code node; they are the same in both languages.
      const own = definition.uncheckedOutputs ? [] : [...ports.inputs, ...ports.outputs];
      for (const port of own) expect(inChinese(zh.port(type, port)), `${type}.${port.id}`).toBe(true);
      expect(Object.hasOwn(ICONS, definition.icon), definition.icon).toBe(true);
    },
  );

  it("has every kind", () => {
    for (const kind of KINDS) expect(inChinese(zh.kind(kind)), kind).toBe(true);
  });

  it("says every issue in Chinese, and keeps the English detail where there is no other", () => {
    const reader = createPortReader(table);
    for (const code of ISSUE_CODES) {
      const text = issueText(
        {
          severity: "error",
          code,
          message: 'English "name".',
          fix: "Fix it.",
          node: "brain",
          port: "message",
          path: "/edges/0",
        },
        "zh",
        smallGraph(),
        reader,
      );
      if (code !== "bad-value") expect(han.test(text.message), code).toBe(true);
      if (text.fix) expect(han.test(text.fix), code).toBe(true);
    }
  });
});
