/**
 * The log of the server, on standard error: JSON lines for a collector, readable lines on a terminal. The values of secrets
 * are removed from every line.
 */
import { type DestinationStream, pino, stdSerializers, stdTimeFunctions } from "pino";
import type { LogLevel } from "../process/env.ts";

type Fields = Record<string, string | number | boolean | undefined>;

export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  /** Logs an error that is not returned to a caller, with its stack. */
  report(thrown: unknown, fields?: Fields): void;
  /** Called for each line, because the known secrets may change. */
  redactWith(redact: (text: string) => string): void;
}

export interface LoggerOptions {
  /** Default: `warn` on a terminal, otherwise `info`. */
  level?: LogLevel;
  out?: { isTTY?: boolean; write(text: string): unknown };
}

/** Secrets that are recognized by their form: agent keys, visitor tokens, bearer tokens, passwords in URLs. */
const LOOKS_SECRET = /\bpb_[\w-]{16,}|(?<=\bBearer )[\w.~+/=-]{8,}|(?<=\/\/[^\s:/@"]{1,100}:)[^\s@/"]+(?=@)/g;

export function createLogger({ level, out = process.stderr }: LoggerOptions = {}): Logger {
  const terminal = out.isTTY === true;
  let redact = (text: string) => text;
  const sink: DestinationStream = {
    write(line) {
      const clean = redact(line).replaceAll(LOOKS_SECRET, "[secret]");
      out.write(terminal ? readable(clean) : clean);
    },
  };
  const log = pino(
    {
      level: level ?? (terminal ? "warn" : "info"),
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err },
    },
    sink,
  );
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    report(thrown, fields = {}) {
      const err = thrown instanceof Error ? thrown : new Error(String(thrown));
      log.error({ ...fields, err }, err.message);
    },
    redactWith(next) {
      redact = next;
    },
  };
}

/** Time, level, message, then `name=value`; the stack below. Returns a line that is not JSON unchanged. */
function readable(line: string): string {
  let entry: { time: string; level: string; msg?: string; err?: { stack?: string }; [field: string]: unknown };
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  const { time, level, msg = "", err, ...fields } = entry;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`);
  const stack = err?.stack ? `\n${err.stack.replace(/^/gm, "    ")}` : "";
  return `${time.slice(11, 19)} ${level.padEnd(5)} ${msg}${rest.join("")}${stack}\n`;
}
