/**
 * Loaded before the server (`--import`): between one SIGUSR2 and the next, every kind of event of every kind of emitter
 * throws once, after its own listeners ran. Each throw is one line of the file `PLANTED_FAULTS`.
 */
import { EventEmitter } from "node:events";
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const file = process.env.PLANTED_FAULTS;
// In a thread an exception ends the thread, which is a fault of another kind.
if (file && isMainThread) {
  const planted = new Set(["newListener", "removeListener"]);
  /** The connection pool of `fetch` listens to its own emitters, and none of our handlers do. */
  const inside = new Set(["Client", "Pool", "BalancedPool", "Agent", "ComposedDispatcher"]);
  let armed = false;
  const { emit } = EventEmitter.prototype;
  EventEmitter.prototype.emit = function (event, ...args) {
    const had = emit.call(this, event, ...args);
    const name = this?.constructor?.name;
    const key = `${name}:${String(event)}`;
    if (!armed || !had || typeof event !== "string" || this === process || inside.has(name)) return had;
    if (planted.has(key) || planted.has(event)) return had;
    planted.add(key);
    appendFileSync(file, `${key}\n`);
    throw new Error(`planted in ${key}`);
  };
  process.on("SIGUSR2", () => {
    armed = !armed;
  });
}
