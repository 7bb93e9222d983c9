/** Ids that sort by creation time: 10 characters of milliseconds, 16 random characters (80 bits). */
import { randomFillSync } from "node:crypto";

/** Crockford's alphabet in lower case: no i, l, o, u. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const POOL = Buffer.alloc(8192);
let used = POOL.length;

/** Returns 26 characters of `[0-9a-z]`. */
export function newId(now = Date.now()): string {
  if (used + 16 > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  let id = "";
  for (let i = 0; i < 10; i++) {
    id = ALPHABET[now % 32] + id;
    now = Math.floor(now / 32);
  }
  for (let i = 0; i < 16; i++) id += ALPHABET[POOL[used++]! & 31];
  return id;
}

/** Whether a text has the form of an id: a cheap check before a lookup. */
export function isId(text: string): boolean {
  return /^[0-9a-z]{26}$/.test(text);
}
