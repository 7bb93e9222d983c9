/** Finds the error in a response, or in a part of one, that has status 200. Servers write it in several forms. */

/** A finish reason that means failure, by `finishOf`. */
export const FAILED = "error";

/** The error that a body or chunk holds or is; undefined when it is none. */
export function errorIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 0 ? errorIn(value[0]) : undefined;
  if (!isRecord(value)) return undefined;
  if (value.error) return value.error;
  // vLLM, SGLang and FastChat
  if (value.object === "error") return value;
  if (Array.isArray(value.choices)) {
    const choice: unknown = value.choices[0];
    return isRecord(choice) && choice.error ? choice.error : undefined;
  }
  // FastChat
  if (typeof value.error_code === "number" && value.error_code !== 0)
    return { message: value.text ?? value.message ?? value.error_msg, code: value.error_code };
  if (Array.isArray(value.errors) && value.errors.length > 0) return value.errors;
  if (value.choices !== undefined || value.usage) return undefined;
  const { message, detail, code, type, status, msg, object, id } = value;
  const said = [message, detail, msg].some(
    (one) => (typeof one === "string" && one !== "") || isRecord(one) || isList(one),
  );
  if (!said) return undefined;
  // A proxy may send "status" or "ping" objects of its own, which have a kind and no code.
  return isList(detail) ||
    (object === undefined && id === undefined) ||
    [code, type, status, detail].some((one) => one !== undefined && one !== null && one !== 0)
    ? value
    : undefined;
}

const FAILURES: ReadonlySet<string> = new Set([
  FAILED,
  "abort",
  "aborted",
  "cancelled",
  "canceled",
  "timeout",
  "failed",
  "failure",
  "internal_error",
  "server_error",
  // DeepSeek
  "insufficient_system_resource",
  // Zhipu
  "network_error",
  // Google
  "malformed_function_call",
  "unexpected_tool_call",
]);
const WITHHELD: ReadonlySet<string> = new Set([
  "content_filter",
  // Zhipu
  "sensitive",
  // Google
  "safety",
  "recitation",
  "prohibited_content",
  "blocklist",
  "spii",
  "refusal",
]);
const CUT: ReadonlySet<string> = new Set([
  "length",
  "max_tokens",
  "max_output_tokens",
  "token_limit",
  // Mistral
  "model_length",
  "model_context_window_exceeded",
]);

/** A finish reason as one of OpenAI's, or `FAILED`; undefined when there is none. */
export function finishOf(reason: unknown): string | undefined {
  // SGLang
  const word = isRecord(reason) ? reason.type : reason;
  if (typeof word !== "string" || word === "") return undefined;
  const lower = word.toLowerCase();
  if (FAILURES.has(lower)) return FAILED;
  if (WITHHELD.has(lower)) return "content_filter";
  return CUT.has(lower) ? "length" : lower;
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
