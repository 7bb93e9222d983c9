/** A bucket, a prefix in it and the credentials: from `s3://bucket/prefix` and the standard `AWS_*` variables. */
export interface S3Location {
  bucket: string;
  /** Empty, or with a slash at its end. */
  prefix: string;
  region: string;
  /** Of a store that is not Amazon's, without a slash at its end. */
  endpoint?: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}
