/** What a parsed template takes from outside, read off Liquid's nodes. Linear, which Liquid's own analysis is not. */
import { type Template, TokenKind, toValueSync } from "liquidjs";
import type { TemplateUse } from "./template-syntax.ts";

/** The parts of Liquid's tokens that hold other tokens. Its types do not tell them apart. */
interface Token {
  kind: number;
  begin: number;
  operator?: string;
  content?: unknown;
  /** A path: of `variable`, or from the scope. */
  props?: Token[];
  variable?: Token;
  /** A range. */
  lhs?: Token;
  rhs?: Token;
  /** A value with filters. */
  initial?: { postfix: Token[] };
  filters?: { args: (Token | [string, Token?])[] }[];
}

/** In order of appearance. Names that the template itself sets are left out. */
export function templateUses(templates: readonly Template[]): TemplateUse[] {
  const uses: TemplateUse[] = [];
  const assigned = new Set<string>();
  const inBlock = new Map<string, number>();

  const read = (token: Token | undefined): void => {
    if (!token) return;
    if (token.props) {
      const [first, second] = token.props;
      if (token.variable) read(token.variable);
      else if (typeof first?.content === "string" && !assigned.has(first.content) && !inBlock.get(first.content)) {
        const key = second?.content;
        const known = typeof key === "string" || typeof key === "number";
        uses.push({ name: first.content, at: token.begin, ...(known ? { key } : {}) });
      }
      for (const prop of token.props) if (prop.content === undefined) read(prop);
    } else if (token.lhs) {
      read(token.lhs);
      read(token.rhs);
    } else if (token.initial) {
      token.initial.postfix.forEach(read);
      for (const { args } of token.filters ?? []) for (const arg of args) read(Array.isArray(arg) ? arg[1] : arg);
    }
  };
  const visit = (template: Template): void => {
    for (const argument of template.arguments?.() ?? []) read(argument as unknown as Token);
    for (const name of template.localScope?.() ?? []) assigned.add(name.content);
    if (!template.children) return;
    const block = [...(template.blockScope?.() ?? [])];
    for (const name of block) inBlock.set(name, (inBlock.get(name) ?? 0) + 1);
    (toValueSync(template.children(false, true)) as Template[]).forEach(visit);
    for (const name of block) inBlock.set(name, inBlock.get(name)! - 1);
  };
  templates.forEach(visit);
  return uses;
}

/** False when an expression of a tag has two values with no operator between them. */
export function isWhole(tag: Template): boolean {
  return [...(tag.arguments?.() ?? [])].every((argument) => {
    let values = 0;
    for (const token of (argument as unknown as Token).initial?.postfix ?? [])
      if (token.kind !== TokenKind.Operator) values++;
      else if (token.operator !== "not") values--;
    return values <= 1;
  });
}
