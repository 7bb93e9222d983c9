import type { SecretCard } from "../contract/secret.ts";

/** Encrypted at rest, write-only from outside. */
export interface Secrets {
  names(): Promise<SecretCard[]>;
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<boolean>;
  /** For the server's own use. Rejects with `secret_missing`, naming it. */
  get(name: string): Promise<string>;
  /** Replaces every known secret value in a text by `[secret NAME]`. For logs, errors, events and exports. */
  redact(text: string): string;
  /** All values by name: for a backup that seals them with a passphrase, and for nothing else. */
  values(): Promise<Map<string, string>>;
  /** A secret as the record in which it is kept here; nothing is stored. */
  sealed(name: string, value: string): { kind: string; id: string; body: unknown };
}
