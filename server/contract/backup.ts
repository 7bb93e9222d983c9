import { z } from "zod";

export const Conflict = z.object({ kind: z.string(), id: z.string(), name: z.string(), reason: z.string() });

/** The result of a restore. */
export const RestoreReport = z.object({
  /** Creation time of the backup, Unix milliseconds. */
  createdAt: z.number(),
  /** The Patchbay version that wrote the backup. */
  version: z.string(),
  /** Number of records added, by kind. */
  added: z.record(z.string(), z.number()),
  files: z.number(),
  runs: z.number(),
  secrets: z.number(),
  /** Number of records that this instance already had, unchanged. */
  same: z.number(),
  /** Records that differ on this instance. They stay, and the backup's data that belongs to them is skipped. */
  conflicts: z.array(Conflict),
  /** Names of MCP servers that need approval. */
  toApprove: z.array(z.string()),
});
export type RestoreReport = z.infer<typeof RestoreReport>;
