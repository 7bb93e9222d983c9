/** The values of the key form as text, and their conversion for the server. */
import type { AgentKey, KeyLimits } from "../../../server/contract/key.ts";

export const LIMITS = ["callsPerMinute", "liveRuns", "openStreams", "tokensPerDay", "costUsdPerDay"] as const;
export type LimitName = (typeof LIMITS)[number];

const MOST: Record<LimitName, number> = {
  callsPerMinute: 1_000_000,
  liveRuns: 100_000,
  openStreams: 100_000,
  tokensPerDay: 1e12,
  costUsdPerDay: 1e6,
};

export const DAYS = { never: 0, d30: 30, d90: 90, d365: 365 } as const;
/** `keep`: leaves the expiry of an existing key unchanged. */
export type Expiry = keyof typeof DAYS | "keep";

export interface KeyForm {
  name: string;
  which: "all" | "some";
  chosen: ReadonlySet<string>;
  answer: boolean;
  expiry: Expiry;
  limits: Record<LimitName, string>;
}

export type KeyFault = "name" | "agents" | LimitName;

export function formOf(key?: AgentKey): KeyForm {
  return {
    name: key?.name ?? "",
    which: key === undefined || key.agents === "*" ? "all" : "some",
    chosen: new Set(key?.agents === "*" ? [] : key?.agents),
    answer: key?.rights.includes("answer") ?? false,
    expiry: key?.expiresAt === undefined ? "never" : "keep",
    limits: Object.fromEntries(LIMITS.map((name) => [name, String(key?.limits?.[name] ?? "")])) as KeyForm["limits"],
  };
}

/** Parses a limit: undefined if it is empty, null if it is invalid. Commas and spaces may separate thousands. */
export function limitOf(name: LimitName, text: string): number | undefined | null {
  const plain = text.replaceAll(/[\s,_$]/g, "");
  if (plain === "") return undefined;
  if (!/^\d*\.?\d+$|^\d+\.$/.test(plain)) return null;
  const value = Number(plain);
  const whole = name === "costUsdPerDay" || Number.isInteger(value);
  return whole && value > 0 && value <= MOST[name] ? value : null;
}

export function faultsOf(form: KeyForm): Set<KeyFault> {
  const faults = new Set<KeyFault>(LIMITS.filter((name) => limitOf(name, form.limits[name]) === null));
  if (form.name.trim() === "") faults.add("name");
  if (form.which === "some" && form.chosen.size === 0) faults.add("agents");
  return faults;
}

/** The request body. `now`: the time from which days are counted. */
export function bodyOf(form: KeyForm, now: number) {
  const limits: KeyLimits = {};
  for (const name of LIMITS) {
    const value = limitOf(name, form.limits[name]);
    if (typeof value === "number") limits[name] = value;
  }
  const rights: AgentKey["rights"] = form.answer ? ["run", "answer"] : ["run"];
  const days = form.expiry === "keep" ? undefined : DAYS[form.expiry];
  return {
    name: form.name.trim(),
    agents: form.which === "all" ? ("*" as const) : [...form.chosen],
    rights,
    limits,
    ...(days !== undefined && { expiresAt: days === 0 ? null : now + days * 86_400_000 }),
  };
}
