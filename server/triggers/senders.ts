/**
 * How a webhook knows its sender. Standard Webhooks are in `signature.ts`; here are the signatures of GitHub, Stripe, Slack
 * and Telegram as their documentation defines them, and a plain token. A message gets the id that repetitions of it share,
 * from a part that the sender has signed.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { PatchbayError } from "../../runtime/error.ts";
import type { Sender } from "../contract/trigger.ts";
import { newId } from "../lib/ids.ts";
import { newSecret, refused, verify, WRONG_SIGNATURE } from "./signature.ts";

export interface HookMessage {
  header(name: string): string | undefined;
  /** The parameter `token` of the address. */
  token?: string;
  /** The body as received, and parsed. */
  text: string;
  value: unknown;
}

export interface Verified {
  /** Equal for repetitions of the message. */
  id: string;
  /** The message starts no run: it asks whether this address works. Sent back as JSON. */
  reply?: { challenge: string } | { status: "ignored"; reason: string };
}

/** How far the time of a signed message may be from now, as in Standard Webhooks. */
const TOLERANCE_S = 300;
const MAX_ID = 200;

/** A secret for a new webhook; undefined when the sender makes it, or there is none. */
export function newSecretFor(sender: Sender): string | undefined {
  if (sender === "standard") return newSecret();
  // Telegram takes letters, digits, _ and -.
  return sender === "stripe" || sender === "slack" || sender === "none"
    ? undefined
    : randomBytes(32).toString("base64url");
}

/** Throws `bad_request` for a secret that this kind of sender cannot have. */
export function checkSecret(sender: Sender, secret: string): void {
  const fault =
    sender === "none"
      ? "A webhook without a check has no secret; leave it out."
      : sender === "standard" && !/^(whsec_)?[A-Za-z0-9+/]{16,}={0,2}$/.test(secret)
        ? 'A secret of Standard Webhooks is base64, usually after "whsec_".'
        : sender === "telegram" && !/^[\w-]{1,256}$/.test(secret)
          ? "Telegram takes letters, digits, _ and - only."
          : undefined;
  if (fault) throw new PatchbayError("bad_request", fault, { path: "/secret" });
}

/** Throws `unauthorized` for a message that this sender did not send, or sent long ago. */
export function verifySender(sender: Sender, secret: string | undefined, message: HookMessage): Verified {
  if (sender === "none") return { id: givenId(message) };
  if (secret === undefined) throw refused("its signing secret is not set yet");
  return CHECKS[sender](secret, message);
}

const CHECKS: Record<Exclude<Sender, "none">, (secret: string, message: HookMessage) => Verified> = {
  standard: (secret, { header, text }) => ({ id: verify(secret, header, text) }),

  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  github(secret, { header, text }) {
    const expected = `sha256=${hmac(secret, text)}`;
    if (!isSame(header("x-hub-signature-256"), expected)) throw refused(WRONG_SIGNATURE);
    // The delivery's id is not signed. Bodies of different deliveries differ.
    const id = expected;
    if (header("x-github-event") === "ping") return { id, reply: { status: "ignored", reason: "A ping." } };
    return { id };
  },

  // https://docs.stripe.com/webhooks#verify-manually
  stripe(secret, { header, text, value }) {
    const parts = (header("stripe-signature") ?? "").split(",").map((part) => part.trim().split("=", 2));
    const time = parts.find(([key]) => key === "t")?.[1];
    const expected = hmac(secret, `${time}.${text}`);
    if (!parts.some(([key, given]) => key === "v1" && isSame(given, expected))) throw refused(WRONG_SIGNATURE);
    checkTime(time);
    return { id: idOf(value, "id") ?? expected };
  },

  // https://docs.slack.dev/authentication/verifying-requests-from-slack
  slack(secret, { header, text, value }) {
    const time = header("x-slack-request-timestamp");
    const expected = `v0=${hmac(secret, `v0:${time}:${text}`)}`;
    if (!isSame(header("x-slack-signature"), expected)) throw refused(WRONG_SIGNATURE);
    checkTime(time);
    const id = idOf(value, "event_id") ?? expected;
    const { type, challenge } = (value ?? {}) as { type?: unknown; challenge?: unknown };
    return type === "url_verification" && typeof challenge === "string" ? { id, reply: { challenge } } : { id };
  },

  // https://core.telegram.org/bots/api#setwebhook
  telegram(secret, message) {
    if (!isSame(message.header("x-telegram-bot-api-secret-token"), secret)) throw refused("the token is not valid");
    return { id: idOf(message.value, "update_id") ?? givenId(message) };
  },

  token(secret, message) {
    const { header, token } = message;
    const bearer = /^Bearer\s+(.+)$/i.exec(header("authorization") ?? "")?.[1]?.trim();
    const given = [bearer, header("x-webhook-token"), header("x-gitlab-token"), token];
    if (!given.some((one) => isSame(one, secret))) throw refused("the token is not valid");
    return { id: givenId(message) };
  },
};

function hmac(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}

/** Compares in a time that does not depend on the texts. */
function isSame(given: string | undefined, expected: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return given !== undefined && timingSafeEqual(hash(given), hash(expected));
}

function checkTime(time: string | undefined): void {
  const seconds = /^\d{1,12}$/.test(time ?? "") ? Number(time) : Number.NaN;
  if (!(Math.abs(Date.now() / 1000 - seconds) <= TOLERANCE_S))
    throw refused("its time is more than 5 minutes from now");
}

/** A text or number in the body. */
function idOf(value: unknown, key: string): string | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  const id = (value as Record<string, unknown>)[key];
  return typeof id === "number" || (typeof id === "string" && id !== "" && id.length <= MAX_ID)
    ? `${key}-${id}`
    : undefined;
}

/** The id that the sender names, else a new one: without one, a repeated message is another message. */
function givenId({ header }: HookMessage): string {
  const id = header("idempotency-key") ?? header("webhook-id");
  return id !== undefined && id !== "" && id.length <= MAX_ID ? id : newId(Date.now());
}
