import { z } from "zod";
import { defineTool } from "./builtin.ts";
import { calculate, formatNumber } from "./expression.ts";

export const calculator = defineTool({
  name: "calculator",
  summary:
    "Calculates an arithmetic expression exactly. 计算算术表达式。 Operators + - * / % ^ !, parentheses, pi, e, and functions such as sqrt, round(x, digits), log(x, base), min, max, sum, mean, sin.",
  args: z.strictObject({
    expression: z.string().min(1).max(1000).describe('For example "(12.5 + 7) * 3" or "round(1000 * 1.05 ^ 10, 2)".'),
  }),
  effect: "read",
  run: ({ expression }) => {
    const text = formatNumber(calculate(expression));
    const value = Number(text);
    return { content: text, value: Number.isSafeInteger(value) || !/^-?\d+$/.test(text) ? value : text };
  },
});
