/** Describes a route for the OpenAPI document, and validates its body and query. */
import type { MiddlewareHandler } from "hono";
import { describeRoute, resolver, validator } from "hono-openapi";
import { z } from "zod";
import { ERROR_CODES, PatchbayError } from "../../runtime/error.ts";
import { Issue, pointer } from "../../runtime/issue.ts";

export const ErrorBody = z.object({
  error: z.object({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    path: z.string().optional(),
    issues: z.array(Issue).optional(),
  }),
});

/** A route's entry in the OpenAPI document. */
interface RouteDescription {
  summary: string;
  /** OpenAPI tag: the group of the route. */
  tag: string;
  description?: string;
  /** The successful response: a schema, or a media type. `null`: no body. */
  response?: z.ZodType | string | null;
  /** Status of the successful response. Default: 200. */
  status?: number;
  /** Error statuses with their descriptions. 401 is added to every route. */
  errors?: Record<number, string>;
  /** A body that the route validates itself: on the hot path of calls, and for streams. */
  body?: z.ZodType | { media: string; description: string };
  /** Request headers with their descriptions. */
  headers?: Record<string, string>;
}

/** Describes a route. */
export function describe(route: RouteDescription): MiddlewareHandler {
  const { response = z.unknown(), status = 200 } = route;
  const failure = (description: string) => ({
    description,
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
  });
  const responses: Record<string, { description: string; content?: Record<string, { schema: never }> }> = {
    [status]:
      response === null
        ? { description: "OK." }
        : typeof response === "string"
          ? { description: "OK.", content: { [response]: { schema: { type: "string" } as never } } }
          : { description: "OK.", content: { "application/json": { schema: resolver(response) as never } } },
    401: failure("Not signed in, or unknown key.") as never,
  };
  for (const [code, description] of Object.entries(route.errors ?? {})) responses[code] = failure(description) as never;
  const body = route.body;
  return describeRoute({
    summary: route.summary,
    tags: [route.tag],
    ...(route.description && { description: route.description }),
    ...(route.headers && {
      parameters: Object.entries(route.headers).map(([name, description]) => ({
        name,
        in: "header" as const,
        description,
        required: false,
        schema: { type: "string" as const },
      })),
    }),
    ...(body && {
      requestBody: {
        required: true,
        content:
          "media" in body
            ? { [body.media]: { schema: { type: "string" as const, description: body.description } } }
            : { "application/json": { schema: resolver(body) } },
      },
    }),
    responses: responses as never,
  });
}

/** Validates a JSON body. Throws `bad_request` with the JSON pointer of the first error. */
export function body<T extends z.ZodType>(schema: T) {
  return validator("json", schema, refuse);
}

/** Validates query parameters. Throws `bad_request`, also for an unknown one: a misspelt filter would return everything. */
export function query<T extends z.ZodRawShape>(schema: z.ZodObject<T>) {
  const known = Object.keys(schema.shape).join(", ");
  return validator("query", schema.strict(), (result) => {
    const [first] = result.success ? [] : (result.error as readonly z.core.$ZodIssue[]);
    if (first?.code === "unrecognized_keys")
      throw new PatchbayError(
        "bad_request",
        `There is no parameter "${first.keys.join('", "')}". There are: ${known}.`,
      );
    refuse(result);
  });
}

/** `?limit=&after=` of every list. */
export const Paging = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50).describe("Page size."),
  after: z.string().max(200).optional().describe("Id of the last item of the previous page."),
});

interface ValidationError {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[];
}

function refuse(result: { success: boolean; error?: readonly ValidationError[]; target: string }): void {
  if (result.success) return;
  const first = result.error?.[0];
  const parts = (first?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  const path = pointer(...parts);
  const where = result.target === "query" ? `the parameter "${parts.join(".")}"` : path || "the body";
  throw new PatchbayError("bad_request", `At ${where}: ${first?.message ?? "invalid value"}.`.replace(/\.\.$/, "."), {
    path,
  });
}
