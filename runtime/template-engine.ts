/** Liquid, made safe: own properties only, no files, nothing dropped in silence, and bounded in size and in steps of work. */
import {
  Context,
  type Emitter,
  evalToken,
  Liquid,
  Parser,
  type Template,
  type Tokenizer,
  toValue,
  toValueSync,
} from "liquidjs";
import { isWhole } from "./template-uses.ts";

/** Nodes of a template that one call may render: each text, output and tag, each time. */
const MAX_STEPS = 50_000;
/** Characters (and members of lists) that one call may make, its result included. */
const MAX_CHARACTERS = 10_000_000;

let made: Liquid | undefined;

/** Made when first needed: an editor opens with templates that it need not parse. */
export function engine(): Liquid {
  if (made) return made;
  made = new Liquid({
    ownPropertyOnly: true,
    strictFilters: true,
    lenientIf: true,
    jsTruthy: false,
    templates: {},
    // What is printed is printed as text, documents and JSON included.
    outputEscape: printed,
  });
  for (const tag of ["include", "render", "layout", "block"]) delete (made.tags as Record<string, unknown>)[tag];
  const { parser } = made;
  parser.parseToken = (token, remaining) => {
    const template = Parser.prototype.parseToken.call(parser, token, remaining);
    const { name, tokenizer } = template as unknown as { name?: string; tokenizer: Tokenizer };
    // Liquid drops what it does not read, and all operands of an expression but the first.
    if (name !== undefined && WHOLE_TAGS.has(name)) {
      tokenizer.assert(!tokenizer.remaining().trim(), () => `unexpected ${tokenizer.snapshot()}`);
      tokenizer.assert(isWhole(template), "an operator is missing between two values");
    }
    return template;
  };
  for (const [name, filter] of Object.entries(made.filters))
    if (typeof filter === "function") made.registerFilter(name, charged(name, filter));
  // Liquid's own prints a value without `outputEscape`, and so without the encoding of a URL.
  made.registerFilter("raw", (value: unknown) => value);
  for (const name of PERCENT_ENCODING) {
    const original = made.filters[name] as FilterHandler;
    made.registerFilter(name, function (value) {
      return this.context.getRegister<Print>(PRINT).isEncoded ? value : original.call(this, value);
    });
  }
  return made;
}

const WHOLE_TAGS: ReadonlySet<string> = new Set(["if", "unless", "case", "assign", "echo", "for"]);
/** A filter that counts the size of what it is given; some of Liquid's own count nothing. */
function charged(name: string, filter: FilterHandler): FilterHandler {
  return function (value, ...rest) {
    const length = typeof value === "string" || Array.isArray(value) ? value.length : 0;
    this.context.memoryLimit.use(name.startsWith("sort") ? 10 * length : length);
    return filter.call(this, value, ...rest);
  };
}

type FilterHandler = Extract<Parameters<Liquid["registerFilter"]>[1], (...given: never[]) => unknown>;

const PERCENT_ENCODING = ["url_encode", "uri_escape", "cgi_escape"];
const PRINT = "patchbay-print";

/** How values are printed. */
export interface Print {
  print(value: unknown): string;
  /** What is printed is percent-encoded afterwards, so filters that do that do nothing. */
  isEncoded: boolean;
  /** What has no value fails; else it is printed as undefined. */
  isStrict: boolean;
}

function printed(this: unknown, value: unknown): string {
  const { context } = this as { context: Context };
  return context.getRegister<Print>(PRINT).print(toValue(value));
}

/** The template of a tokenizer's tokens. Throws Liquid's error. */
export function parseTemplate(tokenizer: Tokenizer): Template[] {
  const { parser, options } = engine();
  const template = parser.parseTokens(queue(tokenizer.readTopLevelTokens(options)));
  strict(template);
  return template;
}

/** Throws Liquid's error, or one that says which limit was met. */
export function renderParsed(template: Template[], scope: Record<string, unknown>, print: Print): string {
  const liquid = engine();
  const limits = new Limits();
  const context = new Context(scope, liquid.options, { sync: true }, { ...limits.limiters, liquid });
  context.setRegister(PRINT, print);
  const output = {
    buffer: "",
    write(html: unknown) {
      const text = String(html ?? "");
      limits.make(text.length);
      this.buffer += text;
    },
  };
  toValueSync(liquid.renderer.renderTemplates(template, context, output as unknown as Emitter));
  return output.buffer;
}

/** Liquid takes tokens from the front of an array; with many, each of them would move all others. */
function queue<T>(tokens: T[]): T[] {
  let next = 0;
  const view = {
    shift: () => tokens[next++],
    get length() {
      return tokens.length - next;
    },
  };
  return view as unknown as T[];
}

/** Lets outputs fail on what has no value, where that is wanted; conditions and loops take it for nothing. */
function strict(templates: readonly Template[]): void {
  const open = [...templates];
  for (let template = open.pop(); template; template = open.pop()) {
    if (template.children) {
      open.push(...(toValueSync(template.children(false, true)) as Template[]));
      chargeLoop(template as Loop);
    } else if (template.arguments && !template.localScope) {
      const render = template.render.bind(template);
      template.render = function* (context: Context, emitter: Emitter): Generator<unknown, unknown> {
        context.strictVariables = context.getRegister<Print>(PRINT).isStrict;
        try {
          return yield render(context, emitter);
        } finally {
          context.strictVariables = false;
        }
      };
    }
  }
}

type Loop = Template & { collection?: Parameters<typeof evalToken>[0]; hash?: { hash: object } };

/** Counts what a loop copies before it begins: a list that it takes a part of, the members of an object. */
function chargeLoop(template: Loop): void {
  const { collection, hash } = template;
  if (!collection) return;
  const part = Object.keys(hash?.hash ?? {}).length > 0;
  const render = template.render.bind(template);
  template.render = (context: Context, emitter: Emitter) => {
    const value: unknown = toValueSync(evalToken(collection, context));
    if (!Array.isArray(value)) context.memoryLimit.use(Object.keys(Object(value)).length);
    else if (part) context.memoryLimit.use(value.length);
    return render(context, emitter);
  };
}

class Limits {
  #steps = 0;
  #made = 0;

  /** In place of Liquid's own, which count time alone. */
  readonly limiters = {
    renderLimit: { use: () => undefined, check: () => this.#step() } as unknown as Context["renderLimit"],
    memoryLimit: {
      use: (count: number) => this.make(count),
      check: () => undefined,
    } as unknown as Context["memoryLimit"],
  };

  make(count: number): void {
    if (!(count > 0)) return;
    this.#made += count;
    if (this.#made > MAX_CHARACTERS) throw new Error(`it makes more than ${MAX_CHARACTERS} characters`);
  }

  #step(): void {
    if (++this.#steps > MAX_STEPS) throw new Error(`it takes more than ${MAX_STEPS} steps`);
  }
}
