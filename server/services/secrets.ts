/** Encrypted at rest, write-only from outside. */
export interface Secrets {
  names(): Promise<{ name: string; last4: string; updatedAt: number }[]>;
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<boolean>;
  /** For the server's own use. Rejects with `secret_missing`, naming it. */
  get(name: string): Promise<string>;
  /** Replaces every known secret value in a text by `[secret NAME]`. For logs, errors, events and exports. */
  redact(text: string): string;
}
