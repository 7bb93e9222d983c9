/** Access tokens by OAuth 2 client credentials, cached until shortly before they expire. */
import { PatchbayError } from "../../../runtime/error.ts";
import { percentEncode } from "../../../runtime/http-request.ts";
import type { ApiAuth } from "../stored-tool.ts";
import type { BindingDeps } from "./binding.ts";

type OAuth = Extract<ApiAuth, { kind: "oauth" }>;

const EARLY_MS = 30_000;
const tokens = new Map<string, { token: string; endsAt: number }>();
/** Concurrent calls share one token request. */
const pending = new Map<string, Promise<string>>();

const keyOf = (auth: OAuth) => JSON.stringify([auth.tokenUrl, auth.secret, auth.scopes]);

/** Rejects with `secret_missing`, or `tool_failed` with the server's own reason. */
export async function clientToken(auth: OAuth, deps: BindingDeps, signal: AbortSignal): Promise<string> {
  const key = keyOf(auth);
  const kept = tokens.get(key);
  if (kept && kept.endsAt - EARLY_MS > deps.now()) return kept.token;
  const running = pending.get(key) ?? requestToken(auth, key, deps, signal).finally(() => pending.delete(key));
  pending.set(key, running);
  return running;
}

export function forgetToken(auth: OAuth): void {
  tokens.delete(keyOf(auth));
}

async function requestToken(auth: OAuth, key: string, deps: BindingDeps, signal: AbortSignal): Promise<string> {
  const secret = await deps.secrets.get(auth.secret);
  const colon = secret.indexOf(":");
  if (colon < 1) throw new PatchbayError("tool_failed", `The secret ${auth.secret} must be "client_id:client_secret".`);
  // RFC 6749 section 2.3.1: both parts form-encoded, then HTTP Basic
  const basic = `${percentEncode(secret.slice(0, colon))}:${percentEncode(secret.slice(colon + 1))}`;
  const scope = auth.scopes.length ? `&scope=${percentEncode(auth.scopes.join(" "))}` : "";
  const answer = await deps.net.download(
    {
      method: "POST",
      url: auth.tokenUrl,
      headers: {
        authorization: `Basic ${Buffer.from(basic).toString("base64")}`,
        "content-type": "application/x-www-form-urlencoded",
        accept: "application/json",
      },
      body: `grant_type=client_credentials${scope}`,
    },
    signal,
    64 * 1024,
  );
  const body = parse(Buffer.from(answer.bytes).toString("utf8"));
  const token = body.access_token;
  if (answer.status >= 400 || typeof token !== "string") {
    const why = [body.error, body.error_description].filter((each) => typeof each === "string").join(": ");
    throw new PatchbayError(
      "tool_failed",
      `No access token from ${new URL(auth.tokenUrl).host} (HTTP ${answer.status}${why ? `, ${why.slice(0, 200)}` : ""}).`,
    );
  }
  const seconds = typeof body.expires_in === "number" && body.expires_in > 0 ? body.expires_in : 300;
  tokens.set(key, { token, endsAt: deps.now() + seconds * 1000 });
  return token;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // no JSON: there is no token in it
  }
}
