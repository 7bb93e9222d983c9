/** What PostgreSQL's failures mean: try again, or tell the caller. */
import { PatchbayError } from "../../../runtime/error.ts";

/** The connection broke, or the server starts, stops or is overrun: the same statement can succeed in a moment. */
const TRANSIENT_SOCKET = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ENOTFOUND",
]);
/** serialization_failure, deadlock_detected, lock_not_available, too_many_connections, query_canceled (it took too long), *_shutdown, cannot_connect_now, read_only_sql_transaction (a replica during failover). */
const TRANSIENT_STATE = new Set([
  "40001",
  "40P01",
  "55P03",
  "53300",
  "57014",
  "57P01",
  "57P02",
  "57P03",
  "57P05",
  "25006",
]);

/** Whether the failure may pass by itself. A statement that failed so may or may not have been done. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== "") return TRANSIENT_SOCKET.has(code) || TRANSIENT_STATE.has(code) || code.startsWith("08");
  // The driver's own: what it says when the socket closed under a query, or no connection came in time.
  return (
    error instanceof Error &&
    (isSilence(error) ||
      /connection (terminated|ended|timeout)|timeout exceeded when trying to connect|not queryable/i.test(
        error.message,
      ))
  );
}

/** Whether the connection did not answer in time: it can be dead without a word. */
export function isSilence(error: Error): boolean {
  return /query read timeout/i.test(error.message);
}

/** Any failure as what a caller is told; `PatchbayError`s as they are. Never the connection string. */
export function postgresError(error: unknown): PatchbayError {
  if (error instanceof PatchbayError) return error;
  const code = codeOf(error);
  if (code === "53100" || code === "53200")
    return new PatchbayError(
      "storage_full",
      "The database is out of space: nothing more can be stored until there is room.",
      {
        cause: error,
      },
    );
  if (isTransient(error))
    return new PatchbayError("unavailable", "The database cannot be reached at the moment; try again.", {
      cause: error,
      retryAfter: 2,
    });
  return new PatchbayError("unavailable", `The database failed (${code || "no code"}); the server's log says more.`, {
    cause: error,
  });
}

/** One line for the operator when the database cannot be opened at start. */
export function openFailure(error: unknown, url: string): PatchbayError {
  if (error instanceof PatchbayError) return error;
  const code = codeOf(error);
  const where = placeOf(url);
  const what =
    code === "28P01" || code === "28000"
      ? "the user or password is not accepted."
      : code === "3D000"
        ? "that database does not exist; create it first."
        : code === "42501"
          ? "the user may not create the schema patchbay; GRANT CREATE ON DATABASE to it."
          : code === "ENOTFOUND" || code === "EAI_AGAIN"
            ? "the host's name is not known."
            : code === "ECONNREFUSED"
              ? "nothing listens there; start PostgreSQL or correct the address."
              : `${error instanceof Error ? error.message : String(error)}.`;
  return new PatchbayError("unavailable", `Cannot open PATCHBAY_DATABASE_URL (${where}): ${what}`, { cause: error });
}

/** Host, port and database of a connection string, without user and password. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return "unreadable address";
  const { hostname, port, pathname } = new URL(url);
  return `${hostname || "localhost"}:${port || "5432"}${pathname}`;
}

function codeOf(error: unknown): string {
  if (error === null || typeof error !== "object") return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // Node joins the failures of several addresses of one name.
  return error instanceof AggregateError ? codeOf(error.errors[0]) : "";
}
