/**
 * Secrets, encrypted at rest with AES-256-GCM: each value has its own key, wrapped by the master key. Both are bound to
 * the secret's name, so that a row copied to another name does not decrypt. Through the API they are write-only.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { PatchbayError } from "../../runtime/error.ts";
import type { SecretCard } from "../contract/secret.ts";
import { everyRecord } from "../stores/mirror.ts";
import type { Records, Stored } from "../stores/records.ts";
import { encodingsOf } from "./encodings.ts";
import type { Secrets } from "./service.ts";
import { type StreamRedactor, streamRedactor } from "./stream-redactor.ts";

const KIND = "secret";
const CHECK_KIND = "secrets-check";
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;
const MAX_VALUE = 64 * 1024;
/** Shorter values are not redacted: they would match ordinary words. */
const MIN_REDACTED = 6;

interface Sealed {
  /** Base64 of nonce, tag and ciphertext: of the value's own key, and of the value. */
  key: string;
  value: string;
  last4: string;
}

/**
 * Opens the store with a master key (any text of good entropy). Rejects with `unavailable` when secrets were written
 * under another key; nothing is then changed.
 */
export async function openSecrets(records: Records, masterKey: string): Promise<Secrets> {
  const kek = Buffer.from(hkdfSync("sha256", masterKey, "patchbay", "secrets/1", 32));
  await assertMasterKey(records, kek);

  return new RecordedSecrets(records, kek, await everyRecord<Sealed>(records, KIND));
}

class RecordedSecrets implements Secrets {
  readonly #records: Records;
  readonly #kek: Buffer;
  readonly #values = new Map<string, string>();
  readonly #cards = new Map<string, SecretCard>();
  /** Texts to redact, longest first: values as they are and as JSON writes them. */
  #needles: { text: string; name: string }[] = [];
  /** The same and their usual encodings. */
  #encodedNeedles: { text: string; name: string }[] = [];
  #encodedTexts: readonly string[] = [];

  constructor(records: Records, kek: Buffer, stored: Stored<Sealed>[]) {
    this.#records = records;
    this.#kek = kek;
    for (const one of stored) this.#add(one);
    this.#updateNeedles();
    // Secrets of other processes are available, and redacted, here too.
    records.watch(async (change) => {
      if (change && change.kind !== KIND) return;
      try {
        const stored = change ? [] : await everyRecord(records, KIND);
        const ids = change ? [change.id] : [...this.#cards.keys(), ...stored.map(({ id }) => id)];
        for (const id of new Set(ids)) await this.#refresh(id);
      } catch {
        // The store is unavailable. Everything is read again when it is back.
      }
    });
  }

  #add({ id, body, updatedAt }: Stored<Sealed>): void {
    this.#values.set(id, unwrap(this.#kek, id, body));
    this.#cards.set(id, { name: id, last4: body.last4, updatedAt });
  }

  async #refresh(name: string): Promise<void> {
    const stored = await this.#records.get<Sealed>(KIND, name);
    if (stored) this.#add(stored);
    else {
      this.#values.delete(name);
      this.#cards.delete(name);
    }
    this.#updateNeedles();
  }

  async names(): Promise<SecretCard[]> {
    return [...this.#cards.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async set(name: string, value: string): Promise<void> {
    if (!NAME.test(name))
      throw new PatchbayError(
        "bad_request",
        `"${name}" is not a name for a secret: use a letter, then up to 127 letters, digits, ".", "_" and "-".`,
        { path: "/name" },
      );
    if (typeof value !== "string" || value.length === 0)
      throw new PatchbayError("bad_request", "A secret's value must not be empty.", { path: "/value" });
    if (value.length > MAX_VALUE)
      throw new PatchbayError("too_large", `A secret's value has at most ${MAX_VALUE} characters.`, { path: "/value" });
    const sealed = this.sealed(name, value).body;
    const { updatedAt } = await this.#records.put(KIND, name, sealed);
    this.#values.set(name, value);
    this.#cards.set(name, { name, last4: sealed.last4, updatedAt });
    this.#updateNeedles();
  }

  async values(): Promise<Map<string, string>> {
    return new Map(this.#values);
  }

  sealed(name: string, value: string): { kind: string; id: string; body: Sealed } {
    const own = randomBytes(32);
    const body: Sealed = {
      key: seal(this.#kek, own.toString("base64"), `key|${name}`),
      value: seal(own, value, `value|${name}`),
      // The last four characters of a short value reveal too much.
      last4: value.length >= 12 ? value.slice(-4) : "",
    };
    return { kind: KIND, id: name, body };
  }

  async delete(name: string): Promise<boolean> {
    const existed = await this.#records.delete(KIND, name);
    this.#values.delete(name);
    this.#cards.delete(name);
    this.#updateNeedles();
    return existed;
  }

  async get(name: string): Promise<string> {
    const value = this.#values.get(name);
    if (value === undefined)
      throw new PatchbayError("secret_missing", `The secret "${name}" is not set; set it under Secrets.`);
    return value;
  }

  redact(text: string, { encoded = false } = {}): string {
    let result = text;
    for (const needle of encoded ? this.#encodedNeedles : this.#needles)
      if (result.includes(needle.text)) result = result.replaceAll(needle.text, `[secret ${needle.name}]`);
    return result;
  }

  redactor(): StreamRedactor {
    return streamRedactor(
      () => this.#encodedTexts,
      (text) => this.redact(text, { encoded: true }),
    );
  }

  #updateNeedles(): void {
    const needles = new Map<string, string>();
    for (const [name, value] of this.#values) {
      if (value.length < MIN_REDACTED) continue;
      needles.set(value, name);
      needles.set(JSON.stringify(value).slice(1, -1), name);
    }
    this.#needles = longestFirst(needles);
    for (const [text, name] of [...needles])
      for (const encoding of encodingsOf(text)) if (!needles.has(encoding)) needles.set(encoding, name);
    this.#encodedNeedles = longestFirst(needles);
    this.#encodedTexts = this.#encodedNeedles.map(({ text }) => text);
  }
}

function longestFirst(needles: Map<string, string>): { text: string; name: string }[] {
  return [...needles].map(([text, name]) => ({ text, name })).sort((a, b) => b.text.length - a.text.length);
}

function unwrap(kek: Buffer, name: string, sealed: Sealed): string {
  try {
    return open(Buffer.from(open(kek, sealed.key, `key|${name}`), "base64"), sealed.value, `value|${name}`);
  } catch (error) {
    throw new PatchbayError(
      "unavailable",
      `The stored secret "${name}" does not decrypt: its row was changed. Delete it, or restore records.db from a backup.`,
      { cause: error },
    );
  }
}

/** nonce (12) + tag (16) + ciphertext, base64. */
function seal(key: Buffer, text: string, bound: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 }).setAAD(Buffer.from(bound));
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
}

function open(key: Buffer, sealed: string, bound: string): string {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 })
    .setAAD(Buffer.from(bound))
    .setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
}

/** SHA-256 of a text, in hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Rejects with `unavailable` when the key does not open what the first process sealed. */
async function assertMasterKey(records: Records, kek: Buffer): Promise<void> {
  let check = await records.get<{ sealed: string }>(CHECK_KIND, "key");
  if (!check) {
    try {
      await records.put(CHECK_KIND, "key", { sealed: seal(kek, "patchbay", "check") }, { revision: 0 });
      return;
    } catch (error) {
      // Another process started at the same time and was first.
      if (!(error instanceof PatchbayError) || error.code !== "conflict") throw error;
      check = (await records.get<{ sealed: string }>(CHECK_KIND, "key"))!;
    }
  }
  try {
    open(kek, check.body.sealed, "check");
  } catch (error) {
    throw new PatchbayError(
      "unavailable",
      "The stored secrets were encrypted with another key. Set PATCHBAY_SECRETS_KEY to that key, or restore the file secrets.key of the data folder.",
      { cause: error },
    );
  }
}
