import type { S3Location } from "../../process/s3-location.ts";
import type { Blobs } from "./blobs.ts";

/** `place`: a folder, made when it is missing, or a bucket. Rejects with `unavailable` where it cannot be used. */
export async function openBlobs(place: string | S3Location): Promise<Blobs> {
  if (typeof place === "string") return (await import("./folder-blobs.ts")).openFolderBlobs(place);
  return (await import("./s3-blobs.ts")).openS3Blobs(place);
}
