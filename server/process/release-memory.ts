import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Returns the memory that only the start needed to the system. V8 would keep it for as long as the process allocates
 * little. It blocks for some 100 ms, so call it once, when the start is over and nothing runs yet.
 */
export function releaseMemory(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: Record<string, string>) => void;
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
