/**
 * Sign-in to an MCP server by OAuth: authorization code with PKCE, through the SDK. Each credential is a secret of its own
 * name, so it is encrypted at rest and redacted in texts.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import {
  auth,
  extractWWWAuthenticateParams,
  type FetchLike,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import { PatchbayError } from "../../runtime/error.ts";
import type { Secrets } from "../secrets/service.ts";
import type { McpSettings } from "./config.ts";

/** Time limit between the start of a sign-in and its callback. */
const PENDING_MS = 10 * 60_000;
export const CALLBACK_PATH = "/api/mcp-servers/oauth/callback";

interface Pending {
  state: string;
  redirectUrl: string;
  endsAt: number;
  verifier?: string;
  discovery?: OAuthDiscoveryState;
}

/** Names of secrets below `mcp.<server>.`; all are deleted with the server. */
const CREDENTIAL_NAMES = ["oauth", "oauth-access", "oauth-refresh", "oauth-client-secret", "oauth-pending"] as const;
type CredentialName = (typeof CREDENTIAL_NAMES)[number];

interface OAuthDeps {
  secrets: Secrets;
  now(): number;
}

/** Stored besides the tokens themselves. */
interface State {
  client?: StoredOAuthClientInformation;
  tokens?: Omit<StoredOAuthTokens, "access_token" | "refresh_token">;
}

class Credentials {
  readonly #server: string;
  readonly #secrets: Secrets;

  constructor(server: string, secrets: Secrets) {
    this.#server = server;
    this.#secrets = secrets;
  }

  async read(name: CredentialName): Promise<string | undefined> {
    try {
      return await this.#secrets.get(this.#name(name));
    } catch (thrown) {
      if (thrown instanceof PatchbayError && thrown.code === "secret_missing") return undefined;
      throw thrown;
    }
  }

  async readJson<T>(name: CredentialName): Promise<T | undefined> {
    const text = await this.read(name);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** `undefined` deletes it. */
  async write(name: CredentialName, value: string | object | undefined): Promise<void> {
    if (value === undefined || value === "") await this.#secrets.delete(this.#name(name));
    else await this.#secrets.set(this.#name(name), typeof value === "string" ? value : JSON.stringify(value));
  }

  #name(name: CredentialName): string {
    return `mcp.${this.#server}.${name}`;
  }
}

/** The provider that the SDK calls. `pending` is present during a sign-in and absent on an ordinary connection. */
class Provider implements OAuthClientProvider {
  readonly clientMetadata;
  readonly redirectUrl: string;
  /** The page to open for the sign-in. */
  authorizationUrl: URL | undefined;
  readonly #credentials: Credentials;
  readonly #settings: McpSettings;
  readonly #secrets: Secrets;
  readonly #pending: Pending | undefined;

  constructor(settings: McpSettings, secrets: Secrets, redirectUrl: string, pending?: Pending) {
    this.#settings = settings;
    this.#secrets = secrets;
    this.#credentials = new Credentials(settings.name, secrets);
    this.#pending = pending;
    this.redirectUrl = redirectUrl;
    this.clientMetadata = {
      client_name: "Patchbay",
      redirect_uris: [redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
  }

  state(): string {
    return this.#pending?.state ?? "";
  }

  async clientInformation(): Promise<StoredOAuthClientInformation | undefined> {
    const { oauth } = this.#settings;
    if (oauth)
      return {
        client_id: oauth.clientId,
        ...(oauth.clientSecret && { client_secret: await this.#secrets.get(oauth.clientSecret.secret) }),
      };
    const client = (await this.#credentials.readJson<State>("oauth"))?.client;
    const secret = await this.#credentials.read("oauth-client-secret");
    return client && (secret === undefined ? client : { ...client, client_secret: secret });
  }

  async saveClientInformation(client: StoredOAuthClientInformation): Promise<void> {
    const { client_secret: secret, ...rest } = client;
    await this.#credentials.write("oauth-client-secret", secret);
    await this.#credentials.write("oauth", { ...(await this.#credentials.readJson<State>("oauth")), client: rest });
  }

  async tokens(): Promise<StoredOAuthTokens | undefined> {
    const access = await this.#credentials.read("oauth-access");
    if (access === undefined) return undefined;
    const kept = (await this.#credentials.readJson<State>("oauth"))?.tokens;
    const refresh = await this.#credentials.read("oauth-refresh");
    return {
      token_type: "Bearer",
      ...kept,
      access_token: access,
      ...(refresh !== undefined && { refresh_token: refresh }),
    };
  }

  async saveTokens({ access_token, refresh_token, ...tokens }: StoredOAuthTokens): Promise<void> {
    await this.#credentials.write("oauth", { ...(await this.#credentials.readJson<State>("oauth")), tokens });
    await this.#credentials.write("oauth-access", access_token);
    if (refresh_token) await this.#credentials.write("oauth-refresh", refresh_token);
  }

  redirectToAuthorization(url: URL): void {
    this.authorizationUrl = url;
  }

  async saveCodeVerifier(verifier: string): Promise<void> {
    if (this.#pending) await this.#credentials.write("oauth-pending", Object.assign(this.#pending, { verifier }));
  }

  codeVerifier(): string {
    return this.#pending?.verifier ?? "";
  }

  async saveDiscoveryState(discovery: OAuthDiscoveryState): Promise<void> {
    if (this.#pending) await this.#credentials.write("oauth-pending", Object.assign(this.#pending, { discovery }));
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#pending?.discovery;
  }

  async invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): Promise<void> {
    const state = await this.#credentials.readJson<State>("oauth");
    if (scope === "all" || scope === "tokens") {
      await this.#credentials.write("oauth-access", undefined);
      await this.#credentials.write("oauth-refresh", undefined);
    }
    if (scope === "all" || scope === "client") {
      await this.#credentials.write("oauth-client-secret", undefined);
      await this.#credentials.write("oauth", state?.tokens ? { tokens: state.tokens } : undefined);
    }
  }
}

/**
 * The provider for an ordinary connection, present after a sign-in. It renews the access token; if that fails, the
 * connection requires a new sign-in. An `Authorization` header that the admin set takes precedence.
 */
export async function connectionAuth(
  settings: McpSettings,
  { secrets }: OAuthDeps,
): Promise<OAuthClientProvider | undefined> {
  if (Object.keys(settings.headers ?? {}).some((name) => name.toLowerCase() === "authorization")) return undefined;
  const provider = new Provider(settings, secrets, `http://127.0.0.1${CALLBACK_PATH}`);
  return (await provider.tokens()) ? provider : undefined;
}

/**
 * Starts a sign-in: finds the authorization server, registers a client if needed, and returns the address to open.
 * `origin` is that of our own pages. Rejects with `mcp_failed` and the reason.
 */
export async function startSignIn(
  settings: McpSettings,
  origin: string,
  fetch: FetchLike,
  deps: OAuthDeps,
): Promise<string> {
  const pending: Pending = {
    state: `${settings.name}.${randomBytes(32).toString("base64url")}`,
    redirectUrl: `${origin}${CALLBACK_PATH}`,
    endsAt: deps.now() + PENDING_MS,
  };
  const provider = new Provider(settings, deps.secrets, pending.redirectUrl, pending);
  // A client registered with another redirect URI cannot be used.
  const known = (await new Credentials(settings.name, deps.secrets).readJson<State>("oauth"))?.client as
    | { redirect_uris?: string[] }
    | undefined;
  if (known?.redirect_uris && !known.redirect_uris.includes(pending.redirectUrl))
    await provider.invalidateCredentials("client");
  try {
    const challenge = extractWWWAuthenticateParams(
      await fetch(settings.url!, { method: "GET", headers: { accept: "text/event-stream" } }),
    );
    await auth(provider, {
      serverUrl: settings.url!,
      resourceMetadataUrl: challenge.resourceMetadataUrl,
      scope: challenge.scope,
      fetchFn: fetch,
      forceReauthorization: true,
    });
  } catch (thrown) {
    throw signInFailure(settings.name, thrown);
  }
  const url = provider.authorizationUrl;
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw new PatchbayError("mcp_failed", `The MCP server "${settings.name}" did not return a sign-in page.`);
  return url.href;
}

/** The server of a redirect's state; `undefined` for a state that is not ours. */
export function serverOfState(params: URLSearchParams): string | undefined {
  const state = params.get("state") ?? "";
  const dot = state.lastIndexOf(".");
  return dot > 0 ? state.slice(0, dot) : undefined;
}

/** Completes a sign-in. The state is valid once, for ten minutes. Rejects with `forbidden` or `mcp_failed`. */
export async function completeSignIn(
  settings: McpSettings,
  params: URLSearchParams,
  fetch: FetchLike,
  deps: OAuthDeps,
): Promise<void> {
  const credentials = new Credentials(settings.name, deps.secrets);
  const pending = await credentials.readJson<Pending>("oauth-pending");
  const given = Buffer.from(params.get("state") ?? "");
  const expected = Buffer.from(pending?.state ?? "");
  if (!pending || given.length !== expected.length || !timingSafeEqual(given, expected) || pending.endsAt < deps.now())
    throw new PatchbayError(
      "forbidden",
      "This sign-in was not started here, is already complete, or took longer than ten minutes. Start it again.",
    );
  await credentials.write("oauth-pending", undefined);
  const code = params.get("code");
  try {
    if (!code)
      throw new Error(
        `it was refused (${(params.get("error") ?? "no code").replaceAll(/[^\w .-]/g, "").slice(0, 60)})`,
      );
    const provider = new Provider(settings, deps.secrets, pending.redirectUrl, pending);
    await auth(provider, {
      serverUrl: settings.url!,
      authorizationCode: code,
      iss: params.get("iss") ?? undefined,
      fetchFn: fetch,
    });
  } catch (thrown) {
    throw signInFailure(settings.name, thrown);
  }
}

/** Deletes all credentials of a sign-in. */
export async function forgetSignIn(server: string, secrets: Secrets): Promise<void> {
  const credentials = new Credentials(server, secrets);
  for (const name of CREDENTIAL_NAMES) await credentials.write(name, undefined);
}

function signInFailure(server: string, thrown: unknown): PatchbayError {
  for (let at: unknown = thrown; at instanceof Error; at = at.cause) if (at instanceof PatchbayError) return at;
  const why = thrown instanceof Error ? thrown.message.split("\n")[0]!.slice(0, 300) : String(thrown);
  return new PatchbayError(
    "mcp_failed",
    `The sign-in at the MCP server "${server}" failed: ${why}. If it needs an app of your own, give its "oauth": { "clientId" }; a fixed token goes into the header Authorization.`,
    { cause: thrown },
  );
}
