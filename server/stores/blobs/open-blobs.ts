import type { S3Location } from "../../process/s3-location.ts";
import type { Blobs } from "./blobs.ts";

/** `location`: a folder, created if missing, or a bucket. Rejects with `unavailable` when it cannot be used. */
export async function openBlobs(location: string | S3Location): Promise<Blobs> {
  if (typeof location === "string") return (await import("./folder-blobs.ts")).openFolderBlobs(location);
  return (await import("./s3-blobs.ts")).openS3Blobs(location);
}
