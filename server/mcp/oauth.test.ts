/** Sign-in at an MCP server: a real authorization server in small, played by hand. */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { openTestServices, type TestServices } from "./testing/test-services.ts";

let services: TestServices;
let server: Server;
let base = "";
const never = new AbortController().signal;
const ORIGIN = "http://127.0.0.1:4400";
const state = {
  registered: 0,
  registers: true,
  tokens: new Set<string>(),
  challenges: new Map<string, string>(),
  refreshes: 0,
  expire: false,
  metadata: "",
  issuer: "",
};

beforeAll(async () => {
  services = await openTestServices({ startMs: 5000 });
  server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const url = new URL(request.url!, base);
    const json = (value: unknown, status = 200) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (url.pathname === "/.well-known/oauth-protected-resource/mcp")
      return json({
        resource: `${base}/mcp`,
        authorization_servers: [state.issuer || base],
        scopes_supported: ["tools"],
      });
    if (url.pathname === "/.well-known/oauth-authorization-server")
      return json({
        issuer: base,
        authorization_endpoint: `${base}/authorize`,
        token_endpoint: `${base}/token`,
        ...(state.registers && { registration_endpoint: `${base}/register` }),
        response_types_supported: ["code"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none", "client_secret_post"],
        authorization_response_iss_parameter_supported: true,
      });
    if (url.pathname === "/register") {
      state.registered++;
      return json({ ...JSON.parse(body), client_id: `client-${state.registered}` }, 201);
    }
    if (url.pathname === "/token") {
      const form = new URLSearchParams(body);
      if (form.get("grant_type") === "refresh_token") {
        state.refreshes++;
        if (form.get("refresh_token") !== "refresh-token-1") return json({ error: "invalid_grant" }, 400);
      } else {
        const wanted = state.challenges.get(form.get("code") ?? "");
        const made = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        if (!wanted || wanted !== made) return json({ error: "invalid_grant" }, 400);
      }
      const token = `access-token-${state.tokens.size + 1}`;
      state.tokens.add(token);
      return json({
        access_token: token,
        token_type: "Bearer",
        expires_in: 3600,
        refresh_token: "refresh-token-1",
        scope: "tools",
      });
    }
    // the MCP server itself
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (!token || !state.tokens.has(token) || state.expire) {
      state.expire = false;
      return response
        .writeHead(401, {
          "www-authenticate": `Bearer resource_metadata="${state.metadata || `${base}/.well-known/oauth-protected-resource/mcp`}"`,
        })
        .end();
    }
    if (request.method !== "POST") return response.writeHead(405).end();
    const { id, method } = JSON.parse(body);
    if (id === undefined) return response.writeHead(202).end();
    const answers: Record<string, unknown> = {
      initialize: {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "guarded", version: "1" },
      },
      "tools/list": { tools: [{ name: "whoami", inputSchema: { type: "object" } }] },
      "tools/call": { content: [{ type: "text", text: `you are ${token}` }] },
    };
    return json({
      jsonrpc: "2.0",
      id,
      ...(answers[method] ? { result: answers[method] } : { error: { code: -32601, message: "no" } }),
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(async () => {
  for (const { name } of await services.mcp.cards()) await services.mcp.delete(name);
  Object.assign(state, { registered: 0, registers: true, tokens: new Set(), refreshes: 0, metadata: "", issuer: "" });
});
afterAll(async () => {
  await services.close();
  server.closeAllConnections();
  server.close();
});

async function add(more: object = {}) {
  const [card] = await services.mcp.add({ name: "guarded", url: `${base}/mcp`, ...more });
  return services.mcp.approve("guarded", card!.seen);
}
/** What a person and the authorization server do with the address. */
function consent(address: string, code = "code-1"): URLSearchParams {
  const url = new URL(address);
  state.challenges.set(code, url.searchParams.get("code_challenge")!);
  return new URLSearchParams({ code, state: url.searchParams.get("state")!, iss: base });
}
const whoami = () => services.mcp.call("guarded", "whoami", {}, { idempotencyKey: "k" }, never);

it("asks for a sign-in, sends the person there with PKCE, and works afterwards, also after a restart", async () => {
  expect((await add()).status).toBe("needs-sign-in");
  const { url } = await services.mcp.signIn("guarded", ORIGIN);
  const asked = Object.fromEntries(new URL(url).searchParams);
  expect(asked).toMatchObject({
    response_type: "code",
    client_id: "client-1",
    code_challenge_method: "S256",
    redirect_uri: `${ORIGIN}/api/mcp-servers/oauth/callback`,
    resource: `${base}/mcp`,
    scope: "tools",
  });
  expect(await services.mcp.finishSignIn(consent(url))).toMatchObject({ status: "ready", tools: 1 });
  expect((await whoami()).content).toBe("you are access-token-1");
  await services.reopen();
  expect((await whoami()).content).toBe("you are access-token-1");
  expect(services.secrets.redact("access-token-1 refresh-token-1")).not.toMatch(/access-token-1|refresh-token-1/);
  const records = JSON.stringify(await services.records.list("mcp-server"));
  expect(records).not.toMatch(/access-token|refresh-token|client-1/);
});

it("renews the access token by itself", async () => {
  await add();
  await services.mcp.finishSignIn(consent((await services.mcp.signIn("guarded", ORIGIN)).url));
  state.expire = true;
  expect((await whoami()).content).toBe("you are access-token-2");
  expect(state.refreshes).toBe(1);
});

it("when the access is taken away a new sign-in is asked for, and the client is not registered twice", async () => {
  await add();
  await services.mcp.finishSignIn(consent((await services.mcp.signIn("guarded", ORIGIN)).url));
  await services.secrets.set("mcp.guarded.oauth-refresh", "refresh-token-gone");
  state.tokens.clear();
  await expect(whoami()).rejects.toThrow("sign-in");
  expect((await services.mcp.cards())[0]!.status).toBe("needs-sign-in");
  await services.mcp.finishSignIn(consent((await services.mcp.signIn("guarded", ORIGIN)).url, "code-2"));
  expect((await whoami()).content).toContain("access-token");
  expect(state.registered).toBe(1);
});

it("a redirect is valid once, and only with the state that was sent", async () => {
  await add();
  const params = consent((await services.mcp.signIn("guarded", ORIGIN)).url);
  const forged = new URLSearchParams(params);
  forged.set("state", "guarded.AAAA");
  await expect(services.mcp.finishSignIn(forged)).rejects.toMatchObject({ code: "forbidden" });
  await expect(services.mcp.finishSignIn(new URLSearchParams({ code: "x" }))).rejects.toMatchObject({
    code: "forbidden",
  });
  await services.mcp.finishSignIn(params);
  await expect(services.mcp.finishSignIn(params)).rejects.toMatchObject({ code: "forbidden" });
});

it("a redirect from another issuer, an expired one, or a refusal is not a sign-in", async () => {
  await add();
  const other = consent((await services.mcp.signIn("guarded", ORIGIN)).url);
  other.set("iss", "https://evil.example");
  await expect(services.mcp.finishSignIn(other)).rejects.toMatchObject({ code: "mcp_failed" });
  const late = consent((await services.mcp.signIn("guarded", ORIGIN)).url);
  services.clock.ahead += 11 * 60_000;
  await expect(services.mcp.finishSignIn(late)).rejects.toMatchObject({ code: "forbidden" });
  const refused = consent((await services.mcp.signIn("guarded", ORIGIN)).url);
  refused.delete("code");
  refused.set("error", "access_denied<script>");
  await expect(services.mcp.finishSignIn(refused)).rejects.toThrow(/refused \(access_deniedscript\)/);
  expect(state.tokens.size).toBe(0);
});

it("sign-in data at a private address is not fetched", async () => {
  let hits = 0;
  const trap = createServer((_, response) => {
    hits++;
    response.end("{}");
  });
  await new Promise<void>((done) => trap.listen(0, "127.0.0.1", done));
  const other = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
  state.metadata = `${other}/meta`;
  await add();
  // The address in the 401 is not requested; the server's own is.
  expect(new URL((await services.mcp.signIn("guarded", ORIGIN)).url).origin).toBe(base);
  state.metadata = "";
  state.issuer = other;
  await expect(services.mcp.signIn("guarded", ORIGIN)).rejects.toMatchObject({ code: "address_blocked" });
  expect(hits).toBe(0);
  trap.close();
});

it("an app registered by hand is used where the server registers none", async () => {
  state.registers = false;
  await add();
  await expect(services.mcp.signIn("guarded", ORIGIN)).rejects.toThrow(/"oauth": \{ "clientId" \}/);
  await services.mcp.change("guarded", { oauth: { clientId: "mine", clientSecret: "mine-s3cret" } });
  const { url } = await services.mcp.signIn("guarded", ORIGIN);
  expect(new URL(url).searchParams.get("client_id")).toBe("mine");
  expect((await services.mcp.finishSignIn(consent(url))).status).toBe("ready");
  expect((await services.secrets.names()).map((each) => each.name)).toContain("mcp.guarded.clientSecret");
});

it("a header that the admin set wins over any sign-in", async () => {
  state.tokens.add("static-token-1");
  expect((await add({ headers: { Authorization: "Bearer static-token-1" } })).status).toBe("ready");
  expect((await whoami()).content).toBe("you are static-token-1");
});

it("a server that moves to another address takes no credential along", async () => {
  await add({ headers: { "X-Key": "k3y-of-the-first" } });
  await services.mcp.finishSignIn(consent((await services.mcp.signIn("guarded", ORIGIN)).url));
  const moved = await services.mcp.change("guarded", { url: "https://elsewhere.example/mcp" });
  expect(moved).toMatchObject({ status: "needs-approval", headerNames: [] });
  expect((await services.secrets.names()).filter((each) => each.name.includes("oauth"))).toEqual([]);
});

it("nothing is begun before the approval, or for a command; deleting takes every trace along", async () => {
  await services.mcp.add({ name: "guarded", url: `${base}/mcp` });
  await expect(services.mcp.signIn("guarded", ORIGIN)).rejects.toThrow("Approve");
  const [card] = await services.mcp.cards();
  await services.mcp.approve("guarded", card!.seen);
  await services.mcp.finishSignIn(consent((await services.mcp.signIn("guarded", ORIGIN)).url));
  await services.mcp.delete("guarded");
  expect(await services.secrets.names()).toEqual([]);
  await services.mcp.add({ name: "cmd", command: "x" });
  await expect(services.mcp.signIn("cmd", ORIGIN)).rejects.toMatchObject({ code: "bad_request" });
});
