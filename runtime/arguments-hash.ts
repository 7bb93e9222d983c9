/** Hashes of JSON values: the arguments that an approval is bound to, and the identity of a version. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "./graph.ts";

/** SHA-256 of a text, in hex. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** `sha256Hex` of the canonical JSON. The value must not be nested deeply: see `sizeFault`. */
export function argumentsHash(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
