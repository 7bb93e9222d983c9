/** Encrypts the secrets of a backup with AES-256-GCM, with a key that scrypt derives from a passphrase. */
import { createCipheriv, createDecipheriv, randomBytes, type ScryptOptions, scrypt } from "node:crypto";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { broken } from "./format.ts";

/** 128 MiB of memory and about half a second per attempt. */
const COST = { N: 2 ** 17, r: 8, p: 1 };
const MAX_MEMORY = 192 * 2 ** 20;
export const MIN_PASSPHRASE = 12;
const BOUND = Buffer.from("patchbay-backup/1 secrets");

const Sealed = z.object({
  kdf: z.literal("scrypt"),
  N: z
    .number()
    .int()
    .min(2 ** 14)
    .max(2 ** 17),
  r: z.number().int().min(8).max(8),
  p: z.number().int().min(1).max(4),
  /** Base64: 16 bytes of salt; nonce (12), tag (16) and ciphertext. */
  salt: z.base64(),
  sealed: z.base64(),
});

/** Throws `bad_request` for a passphrase that is too short. */
export function checkPassphrase(passphrase: string): void {
  if (passphrase.length < MIN_PASSPHRASE)
    throw new PatchbayError("bad_request", `The passphrase must have at least ${MIN_PASSPHRASE} characters.`, {
      path: "/passphrase",
    });
}

export async function sealSecrets(values: Map<string, string>, passphrase: string): Promise<string> {
  checkPassphrase(passphrase);
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const key = await derive(passphrase, salt, COST);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 }).setAAD(BOUND);
  const body = Buffer.concat([cipher.update(JSON.stringify([...values]), "utf8"), cipher.final()]);
  const sealed = Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
  return JSON.stringify({ kdf: "scrypt", ...COST, salt: salt.toString("base64"), sealed });
}

/** Rejects with `forbidden` for a wrong passphrase, and with `bad_request` for invalid text. */
export async function openSecretsText(text: string, passphrase: string): Promise<Map<string, string>> {
  let given: z.infer<typeof Sealed>;
  try {
    given = Sealed.parse(JSON.parse(text));
  } catch (cause) {
    throw broken("its secrets cannot be read", cause);
  }
  const bytes = Buffer.from(given.sealed, "base64");
  const key = await derive(passphrase, Buffer.from(given.salt, "base64"), given);
  let plain: string;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 })
      .setAAD(BOUND)
      .setAuthTag(bytes.subarray(12, 28));
    plain = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
  } catch (cause) {
    throw new PatchbayError("forbidden", "This is not the passphrase of the backup. Nothing was changed.", { cause });
  }
  return new Map(z.array(z.tuple([z.string(), z.string()])).parse(JSON.parse(plain)));
}

function derive(passphrase: string, salt: Buffer, { N, r, p }: Pick<ScryptOptions, "N" | "r" | "p">): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFC"), salt, 32, { N, r, p, maxmem: MAX_MEMORY }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
