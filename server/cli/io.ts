/** Input and output of the command line. Tests provide their own. */
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

/** A reader may close the pipe early, as in `| head`. That ends the command without an error. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
