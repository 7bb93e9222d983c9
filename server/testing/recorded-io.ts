import { Readable } from "node:stream";
import type { Io } from "../cli/io.ts";

/** An Io that records output, without a terminal. `input`: standard input. */
export function recordedIo(input = ""): Io & { written: string; errors: string } {
  const io = {
    written: "",
    errors: "",
    stdin: Object.assign(Readable.from(input === "" ? [] : [input]), { isTTY: false }) as unknown as Io["stdin"],
    stderr: { isTTY: false } as Io["stderr"],
    out: (text: string) => {
      io.written += text;
    },
    err: (text: string) => {
      io.errors += text;
    },
  };
  return io;
}
