/** Uploads and artifacts, for lists. */
import { z } from "zod";
import { FileRef } from "../../runtime/message.ts";

export const FileCard = FileRef.extend({
  owner: z.string().optional().describe("Id of the key that uploaded it, or whose run made it. Absent: the admin."),
  /** Unix milliseconds. */
  createdAt: z.number(),
});
export type FileCard = z.infer<typeof FileCard>;
