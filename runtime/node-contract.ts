/** The contract of every node definition. The server refuses a module that breaks it. */
import { z } from "zod";
import { ISSUE_CODES } from "./issue.ts";
import type { NodeDefinition, NodeRole } from "./node.ts";
import { KINDS, type Ports } from "./port.ts";

export const NODE_TYPE = /^[a-z][a-z0-9-]{0,63}$/;
const ROLES: readonly NodeRole[] = ["input", "output", "annotation", "container", "calls-agent"];
const GROUPS: readonly NodeDefinition["group"][] = ["io", "think", "know", "act", "flow"];

/**
 * The faults of a definition, each a sentence that says what to change. Calls the definition's pure functions with the
 * default config, and never `run`. Never throws.
 */
export function definitionFaults(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return ["It is not an object; return defineNode({ … })."];
  const faults: string[] = [];
  const definition = value as NodeDefinition;
  const expect = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
    return holds;
  };
  expect(
    typeof definition.type === "string" && NODE_TYPE.test(definition.type),
    "`type` must be a-z, then up to 63 of a-z, 0-9 and -.",
  );
  expect(Number.isInteger(definition.version) && definition.version >= 1, "`version` must be a whole number from 1.");
  expect(
    typeof definition.title === "string" && /^\p{Lu}/u.test(definition.title),
    "`title` must begin with a capital letter.",
  );
  expect(
    typeof definition.summary === "string" && definition.summary.length > 0 && definition.summary.length < 60,
    "`summary` must have 1 to 59 characters.",
  );
  expect(GROUPS.includes(definition.group), `\`group\` must be one of ${GROUPS.join(", ")}.`);
  expect(
    typeof definition.icon === "string" && /^[a-z0-9-]+$/.test(definition.icon),
    "`icon` must be the kebab-case name of a Lucide icon.",
  );
  expect(
    definition.defaultId === undefined || NODE_TYPE.test(definition.defaultId),
    "`defaultId` must be a-z, then up to 63 of a-z, 0-9 and -.",
  );
  expect(
    definition.role === undefined || ROLES.includes(definition.role),
    `\`role\` must be one of ${ROLES.join(", ")}, or absent.`,
  );
  expect(
    (definition.role === "container") === (definition.body !== undefined),
    "`body` belongs to the role container, and a container needs it.",
  );
  expect(
    definition.run === undefined ? definition.role === "annotation" : typeof definition.run === "function",
    "`run` must be a function; only an annotation has none.",
  );
  const upgrades = definition.upgrades?.length ?? 0;
  expect(
    upgrades === (definition.version ?? 1) - 1 || !Number.isInteger(definition.version),
    "`upgrades` must have one step for each version before this one.",
  );
  const config = definition.config as z.ZodType | undefined;
  if (!expect(typeof config?.safeParse === "function", "`config` must be a zod schema (z.strictObject)."))
    return faults;
  return [...faults, ...configFaults(definition)];
}

function configFaults(definition: NodeDefinition): string[] {
  const faults: string[] = [];
  const fresh = definition.config.safeParse({});
  if (!fresh.success || typeof fresh.data !== "object" || fresh.data === null)
    return ["`config` must give every key a default: config.parse({}) must succeed."];
  if (definition.config.safeParse({ "no-such-key": 1 }).success)
    faults.push("`config` must refuse unknown keys; use z.strictObject.");
  try {
    z.toJSONSchema(definition.config, { io: "input", unrepresentable: "any" });
  } catch (error) {
    faults.push(`\`config\` must have a JSON Schema: ${messageOf(error)}`);
  }
  const keys = Object.keys(fresh.data).sort().join(", ");
  if (
    Object.keys(definition.form ?? {})
      .sort()
      .join(", ") !== keys
  )
    faults.push(`\`form\` must have a hint for each key of the config: ${keys || "none"}.`);
  try {
    const ports = definition.ports(fresh.data);
    faults.push(...portFaults(ports));
    if (JSON.stringify(definition.ports(fresh.data)) !== JSON.stringify(ports))
      faults.push("`ports` must give the same ports for the same config.");
    for (const issue of definition.check?.(fresh.data) ?? [])
      if (!ISSUE_CODES.includes(issue.code)) faults.push(`\`check\` gives the unknown code "${issue.code}".`);
    definition.needs?.(fresh.data);
    definition.bodies?.(fresh.data);
    definition.preview?.(fresh.data, new Map());
  } catch (error) {
    faults.push(
      `\`ports\`, \`check\`, \`needs\`, \`bodies\` and \`preview\` must not throw for the default config: ${messageOf(error)}`,
    );
  }
  return faults;
}

function portFaults({ inputs, outputs }: Ports): string[] {
  const faults: string[] = [];
  for (const [side, ports] of [
    ["inputs", inputs],
    ["outputs", outputs],
  ] as const) {
    const ids = ports.map((port) => port.id);
    if (new Set(ids).size < ids.length) faults.push(`\`ports\` gives two ${side} with the same id.`);
    if (ids.includes("error")) faults.push('`ports` must not use the id "error": `onError` adds that port.');
    for (const port of ports)
      if (!KINDS.includes(port.kind)) faults.push(`\`ports\` gives "${port.id}" the unknown kind "${port.kind}".`);
  }
  return faults;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
