/** The identity of a call's arguments: what an approval is bound to. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "./graph.ts";

/** SHA-256 (hex) of the canonical JSON. The value must not be nested deeply: see `sizeFault`. */
export function argumentsHash(value: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value))));
}
