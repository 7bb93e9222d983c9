/** Converts an API's security requirements into headers, query parameters or cookies made from secrets. */
import type { ApiAuth } from "../stored-tool.ts";
import { type ApiDocument, follow, isObject, type Json, text } from "./document.ts";

export type SecurityPlan = { auth: ApiAuth[]; notes: string[] } | { fault: string };

/** The first supported alternative is used; an empty requirement means that no authentication is needed. */
export function planSecurity(document: ApiDocument, operation: Json, api: string): SecurityPlan {
  const requirements = operation.security ?? document.root.security;
  if (!Array.isArray(requirements) || !requirements.length) return { auth: [], notes: [] };
  const components =
    document.version === "2.0"
      ? document.root.securityDefinitions
      : (document.root.components as Json | undefined)?.securitySchemes;
  let fault = "";
  let empty = false;
  for (const requirement of requirements) {
    if (!isObject(requirement)) continue;
    const names = Object.keys(requirement);
    if (!names.length) {
      empty = true;
      continue;
    }
    const auth: ApiAuth[] = [];
    const notes: string[] = [];
    const unmet = names.find((name) => {
      const scheme =
        isObject(components) && Object.hasOwn(components, name)
          ? follow(document.root, components[name])
          : { fault: "" };
      const planned =
        "value" in scheme
          ? planScheme(scheme.value, `${api}.${name.replaceAll(/[^A-Za-z0-9_.-]/g, "_")}`, requirement[name])
          : undefined;
      if (!planned) return true;
      auth.push(planned.auth);
      if (planned.note) notes.push(planned.note);
      return false;
    });
    if (unmet === undefined) return { auth, notes };
    fault = `it needs "${unmet}", a way to sign in that is not supported`;
  }
  return empty || !fault ? { auth: [], notes: [] } : { fault };
}

function planScheme(scheme: Json, secret: string, scopes: unknown): { auth: ApiAuth; note?: string } | undefined {
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
      const tokenUrl = isObject(flow) ? text(flow.tokenUrl) : "";
      if (/^https?:\/\//i.test(tokenUrl))
        return { auth: { kind: "oauth", tokenUrl, scopes: Array.isArray(scopes) ? scopes.map(String) : [], secret } };
      return { auth: bearer, note: "its OAuth flow needs a person: put an access token into the secret" };
    }
    case "openIdConnect":
      return { auth: bearer, note: "its sign-in needs a person: put an access token into the secret" };
    default:
      return undefined;
  }
}
