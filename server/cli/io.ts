/** Input and output of the command line. Tests provide their own. */
import { createInterface } from "node:readline/promises";

export interface Io {
  stdin: NodeJS.ReadStream;
  stderr: NodeJS.WriteStream;
  out(text: string): void;
  err(text: string): void;
}

export const terminal: Io = {
  stdin: process.stdin,
  stderr: process.stderr,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** Reads one line of standard input; `output` shows the question. Resolves with undefined at the end of the input. */
export async function askLine(io: Io, question: string, output: NodeJS.WritableStream): Promise<string | undefined> {
  const lines = createInterface({ input: io.stdin, output, terminal: io.stdin.isTTY });
  const ended = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
  try {
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}

/** A reader may close the pipe early, as in `| head`. That ends the command without an error. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
