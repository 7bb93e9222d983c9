import { z } from "zod";

export const Conflict = z.object({ kind: z.string(), id: z.string(), name: z.string(), reason: z.string() });

/** The result of a restore. */
export const RestoreReport = z.object({
  /** When the backup was made, Unix milliseconds, and by which version. */
  createdAt: z.number(),
  version: z.string(),
  /** How many records of each kind were added. */
  added: z.record(z.string(), z.number()),
  files: z.number(),
  runs: z.number(),
  secrets: z.number(),
  /** Records that were already here, unchanged. */
  same: z.number(),
  /** Records that differ here: they stay, and what belongs to them in the backup is left out. */
  conflicts: z.array(Conflict),
  /** MCP servers that wait for approval. */
  toApprove: z.array(z.string()),
});
export type RestoreReport = z.infer<typeof RestoreReport>;
