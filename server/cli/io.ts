/** Where the command line reads and writes; a test gives its own. */
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
