/** Whether publishing the draft would create a version that differs from the live one. Pure. */
import type { Graph } from "../../runtime/graph.ts";
import { graphIdentity } from "../../runtime/identity.ts";
import { table } from "./node-types.ts";

/** `slugOf`: the address of an agent that a graph names by its id. Positions, groups, tests and pins are not part of a version. */
export function hasUnpublishedChanges(
  draft: Graph,
  version: Graph,
  slugOf: (agent: string) => string | undefined,
): boolean {
  return graphIdentity(withFrozenVersions(draft, version, slugOf) as Graph, table) !== graphIdentity(version, table);
}

/** Publishing adds a version to each called agent without one; here the version of the published graph is used. */
function withFrozenVersions(value: unknown, frozen: unknown, slugOf: (agent: string) => string | undefined): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const others: unknown[] = Array.isArray(frozen) ? frozen : [];
    const byId = new Map(others.map((other) => [idOf(other), other]));
    return value.map((item, index) =>
      withFrozenVersions(item, (idOf(item) && byId.get(idOf(item))) ?? others[index], slugOf),
    );
  }
  const other = (typeof frozen === "object" && frozen !== null ? frozen : {}) as Record<string, unknown>;
  const { agent, version } = value as { agent?: unknown; version?: unknown };
  if (typeof agent === "string" && (version === undefined || version === null)) {
    const same = other.agent === agent || (other.agent !== undefined && other.agent === slugOf(agent));
    if (same && typeof other.version === "number") return { ...value, agent: other.agent, version: other.version };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, withFrozenVersions(member, other[key], slugOf)]),
  );
}

const idOf = (value: unknown): unknown => (value as { id?: unknown } | null | undefined)?.id;
