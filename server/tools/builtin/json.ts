import { z } from "zod";
import { PatchbayError } from "../../../runtime/error.ts";
import { getPath } from "../json-path.ts";
import { defineTool, valueResult } from "./builtin.ts";

const Where = z.strictObject({
  field: z.string().max(200).describe('Path within each item, such as "price" or "owner.name".'),
  is: z.enum(["=", "!=", ">", ">=", "<", "<=", "contains", "exists"]),
  value: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
});

export const json = defineTool({
  name: "json",
  summary:
    "Reads and reshapes JSON: get a part, list keys, count, filter, sort, pick fields, sum or average a field. 查询和转换JSON数据。",
  args: z.strictObject({
    json: z.unknown().describe("The data, or its text."),
    operation: z.enum(["get", "keys", "count", "filter", "sort", "pick", "unique", "sum", "mean"]),
    path: z
      .string()
      .max(500)
      .optional()
      .describe('Where to work: "items.0.name" or "/items/0/name". The whole when left out.'),
    where: Where.optional().describe("For filter."),
    field: z.string().max(200).optional().describe("For sort, unique, sum and mean: a path within each item."),
    fields: z.array(z.string().max(200)).max(50).optional().describe("For pick."),
    descending: z.boolean().optional(),
    limit: z.number().int().min(1).max(10_000).optional(),
  }),
  effect: "read",
  run: (args) => {
    const root = typeof args.json === "string" ? parse(args.json) : args.json;
    const data = args.path ? getPath(root, args.path) : root;
    if (data === undefined)
      throw new PatchbayError("bad_arguments", `There is no value at "${args.path}". The top level is ${shape(root)}.`);
    const at = (item: unknown) => (args.field ? getPath(item, args.field) : item);
    const cut = (items: unknown[]) => valueResult(args.limit ? items.slice(0, args.limit) : items);
    switch (args.operation) {
      case "get":
        return valueResult(data);
      case "keys":
        return valueResult(data !== null && typeof data === "object" ? Object.keys(data) : []);
      case "count":
        return valueResult(
          Array.isArray(data) ? data.length : data !== null && typeof data === "object" ? Object.keys(data).length : 1,
        );
      case "filter": {
        const where = args.where;
        if (!where)
          throw new PatchbayError(
            "bad_arguments",
            'filter needs "where", such as { "field": "price", "is": ">", "value": 5 }.',
          );
        return cut(list(data).filter((item) => holds(getPath(item, where.field), where.is, where.value)));
      }
      case "sort": {
        const sign = args.descending ? -1 : 1;
        return cut([...list(data)].sort((a, b) => sign * compare(at(a), at(b))));
      }
      case "pick": {
        const fields = args.fields;
        if (!fields?.length) throw new PatchbayError("bad_arguments", 'pick needs "fields".');
        const pick = (item: unknown) =>
          Object.fromEntries(fields.map((field) => [field, getPath(item, field) ?? null]));
        return Array.isArray(data) ? cut(data.map(pick)) : valueResult(pick(data));
      }
      case "unique": {
        const seen = new Map<string, unknown>();
        for (const item of list(data)) seen.set(JSON.stringify(at(item)) ?? "null", at(item) ?? null);
        return cut([...seen.values()]);
      }
      case "sum":
      case "mean": {
        const numbers = list(data).map((item) => Number(at(item)));
        if (numbers.some(Number.isNaN)) throw new PatchbayError("bad_arguments", "Not every item is a number.");
        const sum = numbers.reduce((a, b) => a + b, 0);
        if (args.operation === "sum") return valueResult(Number(sum.toPrecision(15)));
        if (!numbers.length) throw new PatchbayError("bad_arguments", "There is nothing to average.");
        return valueResult(Number((sum / numbers.length).toPrecision(15)));
      }
    }
  },
});

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PatchbayError("bad_arguments", `"json" is not JSON: ${(cause as Error).message}.`, { cause });
  }
}

function list(data: unknown): unknown[] {
  if (Array.isArray(data)) return data;
  throw new PatchbayError("bad_arguments", 'The value is not a list. Give the path of the list with "path".');
}

function shape(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value !== null && typeof value === "object")
    return `an object with ${Object.keys(value).slice(0, 20).join(", ") || "no keys"}`;
  return value === null ? "null" : `a ${typeof value}`;
}

/** Numbers before texts before all else; texts in code unit order. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [x, y] = [String(a ?? ""), String(b ?? "")];
  return x < y ? -1 : x > y ? 1 : 0;
}

function holds(found: unknown, is: z.infer<typeof Where>["is"], value: unknown): boolean {
  if (is === "exists") return found !== undefined && found !== null;
  if (is === "contains")
    return Array.isArray(found)
      ? found.includes(value)
      : String(found ?? "")
          .toLowerCase()
          .includes(String(value ?? "").toLowerCase());
  const same = found === value || (typeof value !== typeof found && String(found) === String(value));
  if (is === "=") return same;
  if (is === "!=") return !same;
  if (found === undefined || found === null || value === undefined || value === null) return false;
  const [x, y] = [Number(found), Number(value)];
  const order = Number.isNaN(x) || Number.isNaN(y) ? compare(found, value) : x - y;
  return is === ">" ? order > 0 : is === ">=" ? order >= 0 : is === "<" ? order < 0 : order <= 0;
}
