/** Where tools send secrets, so that an imported file cannot send one somewhere else. */
import { PatchbayError } from "../../runtime/error.ts";
import { type StoredTool, secretOf } from "./stored-tool.ts";

/** Each secret with the origins that it is sent to. */
export function secretOrigins(tools: Iterable<StoredTool>): Map<string, Set<string>> {
  const origins = new Map<string, Set<string>>();
  const add = (secret: string | undefined, url: string) => {
    const origin = URL.parse(url)?.origin;
    if (secret !== undefined && origin !== undefined)
      origins.set(secret, (origins.get(secret) ?? new Set()).add(origin));
  };
  for (const { binding } of tools) {
    if (binding.kind === "openapi")
      for (const auth of binding.auth) add(secretOf(auth), auth.kind === "oauth" ? auth.tokenUrl : binding.server);
    if (binding.kind === "http")
      for (const value of Object.values(binding.headers))
        if (typeof value !== "string") add(value.secret, /^https?:\/\/[^/?#]*/i.exec(binding.url)?.[0] ?? "");
  }
  return origins;
}

/**
 * Throws `conflict` when imported tools would send a secret that is set to an origin that no tool sends it to yet.
 * `server`: the address that the person gave, who thereby said where the API's secrets go.
 */
export function checkSecretOrigins(
  imported: StoredTool[],
  stored: Iterable<StoredTool>,
  setSecrets: ReadonlySet<string>,
  server: string | undefined,
): void {
  const known = secretOrigins(stored);
  for (const [secret, origins] of secretOrigins(imported)) {
    const allowed = known.get(secret);
    if (!allowed || !setSecrets.has(secret)) continue;
    const other = [...origins].find((origin) => !allowed.has(origin) && URL.parse(server ?? "")?.origin !== origin);
    if (other !== undefined)
      throw new PatchbayError(
        "conflict",
        `This import would send the secret "${secret}" to ${other}; until now it is sent to ${[...allowed].join(", ")} alone. If that is meant, give the address as "server", or delete the tools that use the secret first. If it is another API, import it under another name.`,
      );
  }
}
