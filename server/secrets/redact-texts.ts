import type { Secrets } from "./service.ts";

/** The value without secrets in its texts and keys, also encoded ones. Returns the value itself when it has none. */
export function redactTexts<T>(value: T, secrets: Pick<Secrets, "redact">): T {
  return mapTexts(value, (text) => secrets.redact(text, { encoded: true })) as T;
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === "string") return map(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const mapped = value.map((item) => mapTexts(item, map));
    return mapped.some((item, at) => item !== value[at]) ? mapped : value;
  }
  const entries = Object.entries(value);
  const mapped = entries.map(([key, item]) => [map(key), mapTexts(item, map)] as const);
  const isSame = mapped.every(([key, item], at) => key === entries[at]![0] && item === entries[at]![1]);
  return isSame ? value : Object.fromEntries(mapped);
}
