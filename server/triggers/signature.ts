/**
 * Signed messages in the form of the Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, so that ready libraries
 * can sign for us and check what we sign.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { PatchbayError } from "../../runtime/error.ts";

/** A message that is older, or newer, than this is refused: its id need not be remembered for longer. */
export const TOLERANCE_MS = 5 * 60_000;
const PREFIX = "whsec_";
const MAX_ID = 200;

export interface SignedHeaders {
  "webhook-id": string;
  "webhook-timestamp": string;
  "webhook-signature": string;
}

/** 256 bits of chance, as `whsec_` and base64. */
export function newSecret(): string {
  return PREFIX + randomBytes(32).toString("base64");
}

/** `now`: Unix milliseconds. */
export function sign(secret: string, id: string, now: number, body: string): SignedHeaders {
  const timestamp = String(Math.floor(now / 1000));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${mac(secret, id, timestamp, body).toString("base64")}`,
  };
}

/**
 * The message's id, where one of the signatures is right and its time is now. Throws `unauthorized` and tells only
 * what the sender can see himself: which header is missing, or that it came late.
 */
export function verify(
  secret: string,
  header: (name: keyof SignedHeaders) => string | undefined,
  body: string,
  now: number,
): string {
  const id = header("webhook-id");
  const timestamp = header("webhook-timestamp");
  const signatures = header("webhook-signature");
  if (!id || id.length > MAX_ID || !timestamp || !/^\d{1,12}$/.test(timestamp) || !signatures)
    throw refused("send webhook-id, webhook-timestamp (Unix seconds) and webhook-signature");
  const right = mac(secret, id, timestamp, body);
  const signed = signatures
    .split(" ")
    .slice(0, 10)
    .some((one) => one.startsWith("v1,") && isSame(Buffer.from(one.slice(3), "base64"), right));
  if (!signed) throw refused("the signature does not fit");
  if (Math.abs(now - Number(timestamp) * 1000) > TOLERANCE_MS)
    throw refused(`its time is more than ${TOLERANCE_MS / 60_000} minutes from now`);
  return id;
}

function mac(secret: string, id: string, timestamp: string, body: string): Buffer {
  const key = Buffer.from(secret.slice(PREFIX.length), "base64");
  return createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest();
}

function isSame(given: Buffer, right: Buffer): boolean {
  return given.length === right.length && timingSafeEqual(given, right);
}

export function refused(why: string): PatchbayError {
  return new PatchbayError("unauthorized", `This webhook is not accepted: ${why}.`);
}
