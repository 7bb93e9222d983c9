/** How a route says what it is, for the OpenAPI document, and how it checks what it is sent. */
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

/** A route's place in the document: what it does, what it gives, and which errors are its own. */
interface RouteText {
  summary: string;
  /** The group it is shown under. */
  tag: string;
  description?: string;
  /** What it answers with when all is well: a schema, or a media type. `null`: nothing. */
  response?: z.ZodType | string | null;
  /** 200 where it is not said. */
  status?: number;
  /** Statuses of its own errors, with what they mean. */
  errors?: Record<number, string>;
  /** A body that is checked by hand: for routes that are called thousands of times a second, and for streams. */
  body?: z.ZodType | { media: string; description: string };
  /** Header parameters that matter. */
  headers?: Record<string, string>;
}

/** Describes a route. Answers 401 and the shape of errors are added for all. */
export function describe(text: RouteText): MiddlewareHandler {
  const { response: gives = z.unknown(), status = 200 } = text;
  const failure = (description: string) => ({
    description,
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
  });
  const responses: Record<string, { description: string; content?: Record<string, { schema: never }> }> = {
    [status]:
      gives === null
        ? { description: "Done." }
        : typeof gives === "string"
          ? { description: "Done.", content: { [gives]: { schema: { type: "string" } as never } } }
          : { description: "Done.", content: { "application/json": { schema: resolver(gives) as never } } },
    401: failure("Not signed in, or a key that is not known.") as never,
  };
  for (const [code, description] of Object.entries(text.errors ?? {})) responses[code] = failure(description) as never;
  const body = text.body;
  return describeRoute({
    summary: text.summary,
    tags: [text.tag],
    ...(text.description && { description: text.description }),
    ...(text.headers && {
      parameters: Object.entries(text.headers).map(([name, description]) => ({
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

/** Checks a JSON body. What does not fit is `bad_request` with the JSON pointer of the first fault. */
export function body<T extends z.ZodType>(schema: T) {
  return validator("json", schema, refuse);
}

/** Checks query parameters. */
export function query<T extends z.ZodType>(schema: T) {
  return validator("query", schema, refuse);
}

/** `?limit=&after=` of every list. */
export const Paging = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50).describe("Most items on the page."),
  after: z.string().max(200).optional().describe("Id of the last item of the page before."),
});

interface Fault {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[];
}

function refuse(result: { success: boolean; error?: readonly Fault[]; target: string }): void {
  if (result.success) return;
  const fault = result.error?.[0];
  const parts = (fault?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  const path = pointer(...parts);
  const place = result.target === "query" ? `the parameter "${parts.join(".")}"` : path || "the body";
  throw new PatchbayError("bad_request", `At ${place}: ${fault?.message ?? "it does not fit"}.`.replace(/\.\.$/, "."), {
    path,
  });
}
