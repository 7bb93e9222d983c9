/** Bucket, prefix and credentials, from `s3://bucket/prefix` and the standard `AWS_*` variables. */
import { z } from "zod";
import { bad, httpUrl, parseVariables, type Variables } from "./variable.ts";

export interface S3Location {
  bucket: string;
  /** Empty, or with a trailing slash. */
  prefix: string;
  region: string;
  /** Endpoint of a store other than Amazon S3, without a trailing slash. */
  endpoint?: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const Aws = z.object({ AWS_ENDPOINT_URL_S3: httpUrl.optional(), AWS_ENDPOINT_URL: httpUrl.optional() });

/** Parses the variable `name`. Throws `bad_request` with the variable's name. */
export function s3Location(name: string, variables: Variables): S3Location {
  const value = variables[name] ?? "";
  const [, bucket, path = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w!.*'()/-]*))?$/.exec(value) ?? [];
  if (bucket === undefined) throw bad(name, `"${value}" is neither a folder nor s3://bucket/prefix`);
  const required = (other: string) => {
    const given = variables[other];
    if (given === undefined) throw bad(name, `is ${value}, which also needs ${other}`);
    return given;
  };
  const aws = parseVariables(Aws, variables);
  const endpoint = aws.AWS_ENDPOINT_URL_S3 ?? aws.AWS_ENDPOINT_URL;
  const sessionToken = variables.AWS_SESSION_TOKEN;
  const prefix = path.split("/").filter(Boolean).join("/");
  return {
    bucket,
    prefix: prefix && `${prefix}/`,
    region: variables.AWS_REGION ?? variables.AWS_DEFAULT_REGION ?? "us-east-1",
    ...(endpoint !== undefined && { endpoint }),
    accessKeyId: required("AWS_ACCESS_KEY_ID"),
    secretAccessKey: required("AWS_SECRET_ACCESS_KEY"),
    ...(sessionToken !== undefined && { sessionToken }),
  };
}
