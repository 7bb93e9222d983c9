import { z } from "zod";

/** A secret as it is listed. Its value is never shown. */
export const SecretCard = z.object({ name: z.string(), last4: z.string(), updatedAt: z.number() });
export type SecretCard = z.infer<typeof SecretCard>;
