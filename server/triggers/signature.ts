/** Signs and verifies messages as Standard Webhooks defines, with its library. */
import { randomBytes } from "node:crypto";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { PatchbayError } from "../../runtime/error.ts";

const MAX_ID = 200;

export interface SignedHeaders {
  "webhook-id": string;
  "webhook-timestamp": string;
  "webhook-signature": string;
}

/** 256 random bits as `whsec_` and base64. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** `now`: Unix milliseconds. */
export function sign(secret: string, id: string, now: number, body: string): SignedHeaders {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, new Date(now), body),
  };
}

/**
 * Returns the message's id when one of its signatures is valid and its time is within five minutes of the system clock;
 * ids need not be kept longer. Throws `unauthorized` with details that the sender already knows.
 */
export function verify(
  secret: string,
  header: (name: keyof SignedHeaders) => string | undefined,
  body: string,
): string {
  const id = header("webhook-id");
  const timestamp = header("webhook-timestamp");
  const signature = header("webhook-signature");
  if (!id || id.length > MAX_ID || !timestamp || !/^\d{1,12}$/.test(timestamp) || !signature)
    throw refused("send webhook-id, webhook-timestamp (Unix seconds) and webhook-signature");
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    throw refused(
      error.message.startsWith("Message timestamp") ? "its time is more than 5 minutes from now" : WRONG_SIGNATURE,
    );
  }
  return id;
}

export const WRONG_SIGNATURE = "the signature is not valid";

export function refused(reason: string): PatchbayError {
  return new PatchbayError("unauthorized", `This webhook is not accepted: ${reason}.`);
}
