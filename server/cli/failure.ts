/** What the command line says of an error, and its exit code. */
import { PatchbayError } from "../../runtime/error.ts";
import type { Io } from "./io.ts";

/** 2 for wrong usage, which commander has already reported; 1 for other errors, which are written here. */
export function exitCode(error: unknown, io: Pick<Io, "err">): number {
  if (error instanceof Error && "code" in error && String(error.code).startsWith("commander."))
    return (error as { exitCode?: number }).exitCode === 0 ? 0 : 2;
  if (error instanceof PatchbayError) {
    io.err(`${error.message}\n`);
    for (const issue of error.issues ?? [])
      io.err(
        `  ${issue.severity} ${issue.code}${issue.node ? ` at ${issue.node}` : ""}: ${issue.message}${issue.fix ? ` ${issue.fix}` : ""}\n`,
      );
    return 1;
  }
  const failure = fileFailure(error);
  if (failure !== undefined) {
    io.err(`${failure}\n`);
    return 1;
  }
  io.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

/** One line for a failed operation on a file, such as one that does not exist; undefined for other errors. */
function fileFailure(error: unknown): string | undefined {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || path === undefined || syscall === undefined) return undefined;
  if (code === "ENOENT") return `${path} does not exist.`;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return `No permission to ${syscall === "mkdir" ? "create" : "open"} ${path}.`;
  if (code === "EISDIR") return `${path} is a folder.`;
  if (code === "ENOSPC") return `The disk is full: ${path} could not be written.`;
  return error.message;
}
