/** The parts of a content type. */
export function typeOf(contentType: string): string {
  return contentType.replace(/;.*$/s, "").trim().toLowerCase();
}

export function charsetOf(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType)?.[1]?.toLowerCase();
}

/** The type with its charset and nothing else. */
export function plainType(contentType: string): string {
  const charset = charsetOf(contentType);
  return charset === undefined ? typeOf(contentType) : `${typeOf(contentType)}; charset=${charset}`;
}
