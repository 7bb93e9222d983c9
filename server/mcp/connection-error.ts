/** Failures of a connection that the services handle. They are apart from the SDK, which is loaded at the first connection. */
import { PatchbayError } from "../../runtime/error.ts";

/** The server requires a sign-in (OAuth). */
export class SignInNeeded extends PatchbayError {
  constructor(name: string) {
    super(
      "mcp_failed",
      `The MCP server "${name}" requires a sign-in, or refuses the current one. Sign in under MCP servers.`,
    );
  }
}

/** The server does not know the session: nothing was done, and the call can be sent again in a new session. */
export class SessionLost extends PatchbayError {
  constructor(name: string, status: number) {
    super(
      "mcp_failed",
      `The MCP server "${name}" refused the request with HTTP ${status}; its session may have expired.`,
    );
  }
}
