/** Converts an API's security requirements into headers, query parameters or cookies made from secrets. */
import type { ApiAuth } from "../stored-tool.ts";
import { type ApiDocument, follow, isObject, isTrue, type Json, text } from "./document.ts";
import { secretPart } from "./names.ts";

export type SecurityPlan = { auth: ApiAuth[]; notes: string[] } | { fault: string };

/** The first supported alternative is used, if its secrets are set where an empty requirement stands beside it. */
export function planSecurity(document: ApiDocument, operation: Json, api: string, server: string): SecurityPlan {
  const requirements = operation.security ?? document.root.security;
  if (!Array.isArray(requirements) || !requirements.length) return { auth: [], notes: [] };
  const components =
    document.version === "2.0"
      ? document.root.securityDefinitions
      : (document.root.components as Json | undefined)?.securitySchemes;
  let fault = "";
  const isOptional = requirements.some((each) => isObject(each) && !Object.keys(each).length);
  for (const requirement of requirements) {
    if (!isObject(requirement)) continue;
    const names = Object.keys(requirement);
    if (!names.length) continue;
    const auth: ApiAuth[] = [];
    const notes: string[] = [];
    const unmet = names.find((name) => {
      const scheme =
        isObject(components) && Object.hasOwn(components, name)
          ? follow(document.root, components[name])
          : { fault: "" };
      const planned =
        "value" in scheme ? planScheme(scheme.value, secretName(api, name), requirement[name], server) : undefined;
      if (!planned) return true;
      auth.push(planned.auth);
      if (planned.note) notes.push(planned.note);
      return false;
    });
    if (unmet === undefined && isOptional)
      return { auth: auth.map((each) => ({ ...each, missing: "skip" })), notes: [] };
    if (unmet === undefined) return { auth, notes };
    fault = `it needs "${unmet}", a way to sign in that is not supported`;
  }
  return isOptional || !fault ? { auth: [], notes: [] } : { fault };
}

function planScheme(
  scheme: Json,
  secret: string,
  scopes: unknown,
  server: string,
): { auth: ApiAuth; note?: string } | undefined {
  const bearer: ApiAuth = { kind: "header", header: "authorization", value: { secret, prefix: "Bearer " } };
  switch (scheme.type) {
    case "apiKey": {
      const name = text(scheme.name);
      if (!name) return undefined;
      if (scheme.in === "header") return { auth: { kind: "header", header: name.toLowerCase(), value: { secret } } };
      if (scheme.in === "query") return { auth: { kind: "query", name, secret } };
      if (scheme.in === "cookie") return { auth: { kind: "cookie", name, secret } };
      return undefined;
    }
    case "basic":
      return { auth: { kind: "header", header: "authorization", value: { secret, as: "basic" } } };
    case "http": {
      const kind = text(scheme.scheme).toLowerCase();
      if (kind === "bearer") return { auth: bearer };
      if (kind === "basic")
        return { auth: { kind: "header", header: "authorization", value: { secret, as: "basic" } } };
      return undefined;
    }
    case "oauth2": {
      const flow = isObject(scheme.flows)
        ? scheme.flows.clientCredentials
        : scheme.flow === "application"
          ? scheme
          : undefined;
      const tokenUrl = isObject(flow) && text(flow.tokenUrl) ? URL.parse(text(flow.tokenUrl), `${server}/`) : null;
      if (tokenUrl && /^https?:$/.test(tokenUrl.protocol) && !tokenUrl.username)
        return {
          auth: {
            kind: "oauth",
            tokenUrl: tokenUrl.href,
            scopes: Array.isArray(scopes) ? scopes.map(String) : [],
            secret,
          },
        };
      return { auth: bearer, note: "its OAuth flow needs a person: put an access token into the secret" };
    }
    case "openIdConnect":
      return { auth: bearer, note: "its sign-in needs a person: put an access token into the secret" };
    default:
      return undefined;
  }
}

/** Names that mean a credential in any API, compared without case and signs. */
const CREDENTIALS = new Set(
  `apikey xapikey apitoken accesstoken xaccesstoken authtoken xauthtoken accesskey appkey appsecret clientsecret secretkey
  authkey privatetoken sessiontoken subscriptionkey ocpapimsubscriptionkey authorization xauthorization`.split(/\s+/),
);
/** Names that mean a credential in some APIs and data in others. */
const MAYBE_CREDENTIALS = new Set(["key", "token", "appid", "secret", "auth"]);
const SAYS_CREDENTIAL =
  /\b(?:api|access|auth\w*|subscription|licen[cs]e|developer|secret|credentials?|account|personal|your|security)\b|密钥|秘钥|令牌|凭证|鉴权|认证|授权/i;

/**
 * The authentication that a document declares as an ordinary parameter; undefined when the parameter is data.
 * `isCommon`: most operations have it.
 */
export function credentialParameter(
  parameter: Json,
  schema: Json,
  secret: string,
  isCommon: boolean,
): { auth: ApiAuth; note: string } | undefined {
  const name = text(parameter.name);
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const types = [schema.type].flat();
  if (types.some((type) => type !== undefined && type !== "string" && type !== "null") || schema.enum) return undefined;
  if (!CREDENTIALS.has(plain)) {
    if (!MAYBE_CREDENTIALS.has(plain)) return undefined;
    const about = `${text(parameter.description)} ${text(schema.description)}`.trim();
    if (about ? !SAYS_CREDENTIAL.test(about) : !isCommon) return undefined;
  }
  const missing = isTrue(parameter.required) ? undefined : ("warn" as const);
  const more = { secret, ...(missing && { missing }) };
  const note = `"${name.slice(0, 60)}" is a credential: it is sent from the secret ${secret}`;
  switch (parameter.in) {
    case "header":
      return {
        auth: { kind: "header", header: name.toLowerCase(), value: { secret }, ...(missing && { missing }) },
        note,
      };
    case "query":
      return { auth: { kind: "query", name, ...more }, note };
    case "cookie":
      return { auth: { kind: "cookie", name, ...more }, note };
    default:
      return undefined;
  }
}

/** The name of the secret for a scheme or parameter of an API. */
export function secretName(api: string, name: string): string {
  return `${api}.${secretPart(name)}`;
}
