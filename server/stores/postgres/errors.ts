/** Maps failures of PostgreSQL: which to try again, and which error the caller gets. */
import { PatchbayError } from "../../../runtime/error.ts";

/** The connection broke, or the server starts, stops or is overloaded: the same statement can succeed later. */
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

/** Whether a retry can succeed. The failed statement may or may not have been committed. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== "") return TRANSIENT_SOCKET.has(code) || TRANSIENT_STATE.has(code) || code.startsWith("08");
  // Messages of the driver when the socket closed during a query, or no connection was available in time.
  return (
    error instanceof Error &&
    (isQueryTimeout(error) ||
      /connection (terminated|ended|timeout)|timeout exceeded when trying to connect|not queryable/i.test(
        error.message,
      ))
  );
}

/** Whether the connection did not respond in time: it may be dead without an error. */
export function isQueryTimeout(error: Error): boolean {
  return /query read timeout/i.test(error.message);
}

/** The error for the caller, without the connection string. A `PatchbayError` is returned unchanged. */
export function postgresError(error: unknown): PatchbayError {
  if (error instanceof PatchbayError) return error;
  const code = codeOf(error);
  if (code === "53100" || code === "53200")
    return new PatchbayError(
      "storage_full",
      "The database is out of space. Free some space; until then nothing can be stored.",
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
  const where = addressOf(url);
  const what =
    code === "28P01" || code === "28000"
      ? "the user or password is not accepted."
      : code === "3D000"
        ? "that database does not exist; create it first."
        : code === "42501"
          ? "the user may not create the schema patchbay; GRANT CREATE ON DATABASE to it."
          : code === "ENOTFOUND" || code === "EAI_AGAIN"
            ? "the host name is unknown."
            : code === "ECONNREFUSED"
              ? "nothing listens there; start PostgreSQL or correct the address."
              : `${error instanceof Error ? error.message : String(error)}.`;
  return new PatchbayError("unavailable", `Cannot open PATCHBAY_DATABASE_URL (${where}): ${what}`, { cause: error });
}

/** Host, port and database of a connection string, without user and password. */
function addressOf(url: string): string {
  if (!URL.canParse(url)) return "unreadable address";
  const { hostname, port, pathname } = new URL(url);
  return `${hostname || "localhost"}:${port || "5432"}${pathname}`;
}

function codeOf(error: unknown): string {
  if (error === null || typeof error !== "object") return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // Node combines the failures of several addresses of one name.
  return error instanceof AggregateError ? codeOf(error.errors[0]) : "";
}
