import { z } from "zod";

/** A secret in a list. Its value is never returned. */
export const SecretCard = z.object({ name: z.string(), last4: z.string(), updatedAt: z.number() });
export type SecretCard = z.infer<typeof SecretCard>;
