/**
 * Arithmetic from text by a Pratt parser, without JavaScript's own evaluation. Whole numbers are exact up to 4,096
 * bits; others are doubles formatted to 15 digits (so that 0.1 + 0.2 is 0.3).
 */
import { PatchbayError } from "../../../runtime/error.ts";

export type Value = bigint | number;

const MAX_BITS = 4096;
const MAX_DEPTH = 100;

type Token = { kind: "number"; value: Value } | { kind: "name" | "mark"; text: string };

const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["π", Math.PI],
  ["e", Math.E],
  ["tau", 2 * Math.PI],
]);

type Fn = { min: number; max: number; run: (args: Value[]) => Value };
const one = (run: (x: number) => number): Fn => ({ min: 1, max: 1, run: ([x]) => whole(run(Number(x))) });
const many = (run: (args: Value[]) => Value): Fn => ({ min: 1, max: 1000, run });

const FUNCTIONS: ReadonlyMap<string, Fn> = new Map<string, Fn>([
  ["sqrt", one(Math.sqrt)],
  ["cbrt", one(Math.cbrt)],
  ["exp", one(Math.exp)],
  ["ln", one(Math.log)],
  ["log2", one(Math.log2)],
  ["log10", one(Math.log10)],
  ["sin", one(Math.sin)],
  ["cos", one(Math.cos)],
  ["tan", one(Math.tan)],
  ["asin", one(Math.asin)],
  ["acos", one(Math.acos)],
  ["atan", one(Math.atan)],
  ["sinh", one(Math.sinh)],
  ["cosh", one(Math.cosh)],
  ["tanh", one(Math.tanh)],
  ["radians", one((x) => (x * Math.PI) / 180)],
  ["degrees", one((x) => (x * 180) / Math.PI)],
  ["floor", { min: 1, max: 1, run: ([x]) => (typeof x === "bigint" ? x : whole(Math.floor(x!))) }],
  ["ceil", { min: 1, max: 1, run: ([x]) => (typeof x === "bigint" ? x : whole(Math.ceil(x!))) }],
  ["trunc", { min: 1, max: 1, run: ([x]) => (typeof x === "bigint" ? x : whole(Math.trunc(x!))) }],
  ["abs", { min: 1, max: 1, run: ([x]) => (x! < 0 ? negate(x!) : x!) }],
  ["sign", { min: 1, max: 1, run: ([x]) => (x! > 0 ? 1n : x! < 0 ? -1n : 0n) }],
  ["atan2", { min: 2, max: 2, run: ([y, x]) => Math.atan2(Number(y), Number(x)) }],
  ["log", { min: 1, max: 2, run: ([x, base]) => logarithm(Number(x), base === undefined ? 10 : Number(base)) }],
  ["round", { min: 1, max: 2, run: ([x, digits]) => round(x!, digits === undefined ? 0 : Number(digits)) }],
  ["pow", { min: 2, max: 2, run: ([x, y]) => power(x!, y!) }],
  ["mod", { min: 2, max: 2, run: ([x, y]) => modulo(x!, y!) }],
  ["gcd", { min: 2, max: 2, run: ([x, y]) => gcd(integer("gcd", x!), integer("gcd", y!)) }],
  ["lcm", { min: 2, max: 2, run: ([x, y]) => lcm(integer("lcm", x!), integer("lcm", y!)) }],
  ["min", many((args) => sorted(args)[0]!)],
  ["max", many((args) => sorted(args).at(-1)!)],
  ["sum", many((args) => args.reduce(add))],
  ["mean", many((args) => divide(args.reduce(add), BigInt(args.length)))],
  ["avg", many((args) => divide(args.reduce(add), BigInt(args.length)))],
  ["median", many(median)],
]);

/** Evaluates an expression in time linear in its length. Throws `bad_arguments` with the position of the error. */
export function calculate(expression: string): Value {
  const tokens = tokenize(expression);
  let at = 0;
  let depth = 0;
  const peek = () => tokens[at];
  const isMark = (text: string) => {
    const token = tokens[at];
    return token?.kind === "mark" && token.text === text;
  };
  const expect = (text: string) => {
    if (!isMark(text)) throw wrong(`expected "${text}" but found ${describe(peek())}`);
    at++;
  };
  const parse = (power_: number): Value => {
    if (++depth > MAX_DEPTH) throw wrong(`it nests deeper than ${MAX_DEPTH}`);
    let left = prefix();
    for (;;) {
      const token = peek();
      if (token?.kind === "mark" && token.text === "!") {
        at++;
        left = factorial(left);
        continue;
      }
      const operator = token?.kind === "mark" ? BINARY.get(token.text) : undefined;
      // "2(3 + 4)" and "2 pi" are products
      const implied = !operator && token && (token.kind === "name" || (token.kind === "mark" && token.text === "("));
      const binding = operator ?? (implied ? BINARY.get("*") : undefined);
      if (!binding || binding.left <= power_) break;
      if (operator) at++;
      left = binding.run(left, parse(binding.right));
    }
    depth--;
    return left;
  };
  const prefix = (): Value => {
    const token = peek();
    at++;
    if (token?.kind === "number") return token.value;
    if (token?.kind === "mark") {
      if (token.text === "(") {
        const inner = parse(0);
        expect(")");
        return inner;
      }
      if (token.text === "-") return negate(parse(25));
      if (token.text === "+") return parse(25);
    }
    if (token?.kind === "name") {
      const constant = CONSTANTS.get(token.text);
      if (constant !== undefined && !isMark("(")) return constant;
      const fn = FUNCTIONS.get(token.text);
      if (!fn)
        throw wrong(`"${token.text}" is not a function or constant (known: ${[...FUNCTIONS.keys()].join(", ")})`);
      expect("(");
      const args: Value[] = [];
      while (!isMark(")")) {
        args.push(parse(0));
        if (isMark(",")) at++;
        else break;
      }
      expect(")");
      if (args.length < fn.min || args.length > fn.max)
        throw wrong(
          `${token.text} takes ${fn.min === fn.max ? fn.min : `${fn.min} to ${fn.max}`} values, not ${args.length}`,
        );
      return finite(fn.run(args), token.text);
    }
    throw wrong(`expected a number but found ${describe(token)}`);
  };
  const result = parse(0);
  if (at < tokens.length) throw wrong(`it goes on after its end with ${describe(peek())}`);
  return finite(result, "the result");
}

/** Whole numbers in full; others to 15 significant digits. */
export function formatNumber(value: Value): string {
  if (typeof value === "bigint") return value.toString();
  return String(Number(value.toPrecision(15)));
}

const BINARY: ReadonlyMap<string, { left: number; right: number; run: (a: Value, b: Value) => Value }> = new Map([
  ["+", { left: 10, right: 10, run: add }],
  ["-", { left: 10, right: 10, run: (a: Value, b: Value) => add(a, negate(b)) }],
  ["*", { left: 20, right: 20, run: multiply }],
  ["/", { left: 20, right: 20, run: divide }],
  ["%", { left: 20, right: 20, run: modulo }],
  ["^", { left: 30, right: 24, run: power }],
]);

const FOLDED: ReadonlyMap<string, string> = new Map([
  ["×", "*"],
  ["·", "*"],
  ["÷", "/"],
  ["−", "-"],
  ["–", "-"],
  ["（", "("],
  ["）", ")"],
  ["，", ","],
  ["**", "^"],
]);

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s+|(\d[\d_]*(?:\.\d+)?|\.\d+)(e[+-]?\d+)?|([a-zπ][a-z0-9]*)|(\*\*|[-+*/%^!(),×·÷−–（），])/giy;
  while (pattern.lastIndex < text.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) throw wrong(`"${text[from]}" at position ${from + 1} is not understood`);
    const [, number, exponent, name, mark] = match;
    if (number !== undefined) {
      const plain = number.replaceAll("_", "");
      const isWhole = !plain.includes(".") && exponent === undefined && plain.length <= 1000;
      tokens.push({ kind: "number", value: isWhole ? BigInt(plain) : whole(Number(plain + (exponent ?? ""))) });
    } else if (name !== undefined) tokens.push({ kind: "name", text: name.toLowerCase() });
    else if (mark !== undefined) tokens.push({ kind: "mark", text: FOLDED.get(mark) ?? mark });
  }
  return tokens;
}

function describe(token: Token | undefined): string {
  if (!token) return "the end";
  return token.kind === "number" ? `the number ${token.value}` : `"${token.text}"`;
}

function wrong(what: string): PatchbayError {
  return new PatchbayError("bad_arguments", `The expression cannot be calculated: ${what}.`);
}

/** A double that is a whole number small enough to be exact, as a bigint. */
function whole(x: number): Value {
  return Number.isSafeInteger(x) && !Object.is(x, -0) ? BigInt(x) : x;
}

function finite(value: Value, what: string): Value {
  if (typeof value === "number" && !Number.isFinite(value)) throw wrong(`${what} is not a finite number`);
  return value;
}

function sized(value: bigint): bigint {
  if (value > 1n << BigInt(MAX_BITS) || value < -(1n << BigInt(MAX_BITS)))
    throw wrong("a number in it becomes too large");
  return value;
}

function both(a: Value, b: Value): a is bigint {
  return typeof a === "bigint" && typeof b === "bigint";
}

function add(a: Value, b: Value): Value {
  return both(a, b) ? sized(a + (b as bigint)) : whole(Number(a) + Number(b));
}

function negate(a: Value): Value {
  return -a;
}

function multiply(a: Value, b: Value): Value {
  return both(a, b) ? sized(a * (b as bigint)) : whole(clean(Number(a) * Number(b)));
}

/** Rounds to 15 digits, so that 19.99 * 3 is 59.97. */
function clean(x: number): number {
  return Number.isFinite(x) ? Number(x.toPrecision(15)) : x;
}

function divide(a: Value, b: Value): Value {
  if (Number(b) === 0) throw wrong("it divides by zero");
  if (both(a, b) && a % (b as bigint) === 0n) return a / (b as bigint);
  return whole(Number(a) / Number(b));
}

function modulo(a: Value, b: Value): Value {
  if (Number(b) === 0) throw wrong("it divides by zero");
  return both(a, b) ? a % (b as bigint) : whole(clean(Number(a) % Number(b)));
}

function power(a: Value, b: Value): Value {
  if (both(a, b) && (b as bigint) >= 0n) {
    const bits = a.toString(2).length;
    if (a === 0n || a === 1n || a === -1n) return a ** ((b as bigint) === 0n ? 0n : ((b as bigint) % 2n) + 2n);
    if (BigInt(bits) * (b as bigint) > BigInt(MAX_BITS) + (b as bigint))
      throw wrong("a number in it becomes too large");
    return sized(a ** (b as bigint));
  }
  return whole(Number(a) ** Number(b));
}

function factorial(value: Value): Value {
  const n = integer("!", value);
  if (n < 0n || n > 450n) throw wrong("a factorial takes a whole number from 0 to 450");
  let result = 1n;
  for (let i = 2n; i <= n; i++) result *= i;
  return sized(result);
}

function integer(name: string, value: Value): bigint {
  if (typeof value === "bigint") return value;
  throw wrong(`${name} takes whole numbers`);
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y) [x, y] = [y, x % y];
  return x;
}

function lcm(a: bigint, b: bigint): bigint {
  const divisor = gcd(a, b);
  const product = divisor === 0n ? 0n : (a / divisor) * b;
  return sized(product < 0n ? -product : product);
}

function logarithm(x: number, base: number): Value {
  if (base === 10) return whole(Math.log10(x));
  if (base === 2) return whole(Math.log2(x));
  return whole(clean(Math.log(x) / Math.log(base)));
}

/** Half away from zero, on the decimal digits a person sees: round(1.005, 2) is 1.01. */
function round(x: Value, digits: number): Value {
  if (!Number.isInteger(digits) || digits < -15 || digits > 15) throw wrong("round takes -15 to 15 digits");
  if (typeof x === "bigint" && digits >= 0) return x;
  const shifted = shift(Math.abs(Number(x)), digits);
  return whole(Math.sign(Number(x)) * shift(Math.round(Number(shifted.toPrecision(15))), -digits));
}

function shift(x: number, digits: number): number {
  const [mantissa, exponent] = String(x).split("e");
  return Number(`${mantissa}e${Number(exponent ?? 0) + digits}`);
}

function sorted(args: Value[]): Value[] {
  return [...args].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function median(args: Value[]): Value {
  const inOrder = sorted(args);
  const middle = inOrder.length >> 1;
  return inOrder.length % 2 ? inOrder[middle]! : divide(add(inOrder[middle - 1]!, inOrder[middle]!), 2n);
}
