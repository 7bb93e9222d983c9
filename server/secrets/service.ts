import type { SecretCard } from "../contract/secret.ts";
import type { StreamRedactor } from "./stream-redactor.ts";

/** Encrypted at rest, write-only through the API. */
export interface Secrets {
  names(): Promise<SecretCard[]>;
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<boolean>;
  /** For the server only. Rejects with `secret_missing` and the name. */
  get(name: string): Promise<string>;
  /**
   * Replaces every known secret value in a text by `[secret NAME]`. For logs, errors, events and exports. `encoded`: also
   * values in base64, percent-encoding and other usual encodings; for events and results.
   */
  redact(text: string, options?: { encoded?: boolean }): string;
  /** The same, `encoded` included, for text that arrives in pieces: also a secret that is split over them is replaced. */
  redactor(): StreamRedactor;
  /** All values by name. Only for a backup, which encrypts them with a passphrase. */
  values(): Promise<Map<string, string>>;
  /** The record of a secret. Stores nothing. */
  sealed(name: string, value: string): { kind: string; id: string; body: unknown };
}
