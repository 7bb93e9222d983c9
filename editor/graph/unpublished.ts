/** Whether what is edited would be published as another version than the one that is live. Pure. */
import type { Graph } from "../../runtime/graph.ts";
import { graphIdentity } from "../../runtime/identity.ts";
import { table } from "./node-types.ts";

/** `slugOf`: the address of an agent that a graph names by its id. How nodes stand, groups, tests and pins make no version. */
export function hasUnpublishedChanges(
  draft: Graph,
  version: Graph,
  slugOf: (agent: string) => string | undefined,
): boolean {
  return graphIdentity(withFrozenVersions(draft, version, slugOf) as Graph, table) !== graphIdentity(version, table);
}

/** Publishing gives a version to each agent that is named without one: that of the version stands in here. */
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
