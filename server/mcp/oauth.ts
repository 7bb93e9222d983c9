/**
 * Sign-in to an MCP server by OAuth: authorization code with PKCE, through the SDK. Everything that is a credential is
 * a secret of its own name, so that it is sealed at rest and replaced wherever it would show.
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

/** Names under `mcp.<server>.`, all deleted with the server. */
const KEPT = ["oauth", "oauth-access", "oauth-refresh", "oauth-client-secret", "oauth-pending"] as const;
type Kept = (typeof KEPT)[number];

interface OAuthDeps {
  secrets: Secrets;
  now(): number;
}

/** What is kept beside the tokens themselves. */
interface State {
  client?: StoredOAuthClientInformation;
  tokens?: Omit<StoredOAuthTokens, "access_token" | "refresh_token">;
}

class Vault {
  readonly #server: string;
  readonly #secrets: Secrets;

  constructor(server: string, secrets: Secrets) {
    this.#server = server;
    this.#secrets = secrets;
  }

  async read(name: Kept): Promise<string | undefined> {
    try {
      return await this.#secrets.get(this.#name(name));
    } catch (thrown) {
      if (thrown instanceof PatchbayError && thrown.code === "secret_missing") return undefined;
      throw thrown;
    }
  }

  async readJson<T>(name: Kept): Promise<T | undefined> {
    const text = await this.read(name);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** `undefined` takes it away. */
  async write(name: Kept, value: string | object | undefined): Promise<void> {
    if (value === undefined || value === "") await this.#secrets.delete(this.#name(name));
    else await this.#secrets.set(this.#name(name), typeof value === "string" ? value : JSON.stringify(value));
  }

  #name(name: Kept): string {
    return `mcp.${this.#server}.${name}`;
  }
}

/** The provider that the SDK asks. `pending` is there while a person signs in, and absent on an ordinary connection. */
class Provider implements OAuthClientProvider {
  readonly clientMetadata;
  readonly redirectUrl: string;
  /** Where the person is to be sent. */
  authorizationUrl: URL | undefined;
  readonly #vault: Vault;
  readonly #settings: McpSettings;
  readonly #secrets: Secrets;
  readonly #pending: Pending | undefined;

  constructor(settings: McpSettings, secrets: Secrets, redirectUrl: string, pending?: Pending) {
    this.#settings = settings;
    this.#secrets = secrets;
    this.#vault = new Vault(settings.name, secrets);
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
    const client = (await this.#vault.readJson<State>("oauth"))?.client;
    const secret = await this.#vault.read("oauth-client-secret");
    return client && (secret === undefined ? client : { ...client, client_secret: secret });
  }

  async saveClientInformation(client: StoredOAuthClientInformation): Promise<void> {
    const { client_secret: secret, ...rest } = client;
    await this.#vault.write("oauth-client-secret", secret);
    await this.#vault.write("oauth", { ...(await this.#vault.readJson<State>("oauth")), client: rest });
  }

  async tokens(): Promise<StoredOAuthTokens | undefined> {
    const access = await this.#vault.read("oauth-access");
    if (access === undefined) return undefined;
    const kept = (await this.#vault.readJson<State>("oauth"))?.tokens;
    const refresh = await this.#vault.read("oauth-refresh");
    return {
      token_type: "Bearer",
      ...kept,
      access_token: access,
      ...(refresh !== undefined && { refresh_token: refresh }),
    };
  }

  async saveTokens({ access_token, refresh_token, ...tokens }: StoredOAuthTokens): Promise<void> {
    await this.#vault.write("oauth", { ...(await this.#vault.readJson<State>("oauth")), tokens });
    await this.#vault.write("oauth-access", access_token);
    if (refresh_token) await this.#vault.write("oauth-refresh", refresh_token);
  }

  redirectToAuthorization(url: URL): void {
    this.authorizationUrl = url;
  }

  async saveCodeVerifier(verifier: string): Promise<void> {
    if (this.#pending) await this.#vault.write("oauth-pending", Object.assign(this.#pending, { verifier }));
  }

  codeVerifier(): string {
    return this.#pending?.verifier ?? "";
  }

  async saveDiscoveryState(discovery: OAuthDiscoveryState): Promise<void> {
    if (this.#pending) await this.#vault.write("oauth-pending", Object.assign(this.#pending, { discovery }));
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#pending?.discovery;
  }

  async invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): Promise<void> {
    const state = await this.#vault.readJson<State>("oauth");
    if (scope === "all" || scope === "tokens") {
      await this.#vault.write("oauth-access", undefined);
      await this.#vault.write("oauth-refresh", undefined);
    }
    if (scope === "all" || scope === "client") {
      await this.#vault.write("oauth-client-secret", undefined);
      await this.#vault.write("oauth", state?.tokens ? { tokens: state.tokens } : undefined);
    }
  }
}

/**
 * The provider for an ordinary connection: present after a sign-in. It renews the access token by itself; where that
 * fails the connection asks for a new sign-in. A header that the admin set wins over it.
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
 * Begins a sign-in: finds the server's authorization server, registers with it where that is needed, and gives the
 * address to send the person to. `origin` is where our own pages are. Rejects with `mcp_failed` that says what is missing.
 */
export async function beginSignIn(
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
  // a client that was registered for another way back is of no use here
  const known = (await new Vault(settings.name, deps.secrets).readJson<State>("oauth"))?.client as
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
    throw new PatchbayError("mcp_failed", `The MCP server "${settings.name}" names no page to sign in at.`);
  return url.href;
}

/** The server that a way back belongs to; `undefined` for what is none of ours. */
export function serverOfState(params: URLSearchParams): string | undefined {
  const state = params.get("state") ?? "";
  const dot = state.lastIndexOf(".");
  return dot > 0 ? state.slice(0, dot) : undefined;
}

/** Ends a sign-in. The state counts once, and not after ten minutes. Rejects with `forbidden` or `mcp_failed`. */
export async function endSignIn(
  settings: McpSettings,
  params: URLSearchParams,
  fetch: FetchLike,
  deps: OAuthDeps,
): Promise<void> {
  const vault = new Vault(settings.name, deps.secrets);
  const pending = await vault.readJson<Pending>("oauth-pending");
  const given = Buffer.from(params.get("state") ?? "");
  const wanted = Buffer.from(pending?.state ?? "");
  if (!pending || given.length !== wanted.length || !timingSafeEqual(given, wanted) || pending.endsAt < deps.now())
    throw new PatchbayError(
      "forbidden",
      "This sign-in was not begun here, was used before, or took longer than ten minutes. Begin it again.",
    );
  await vault.write("oauth-pending", undefined);
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

/** Deletes the credentials of a sign-in. */
export async function forgetSignIn(server: string, secrets: Secrets): Promise<void> {
  const vault = new Vault(server, secrets);
  for (const name of KEPT) await vault.write(name, undefined);
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
