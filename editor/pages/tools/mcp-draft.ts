/** MCP servers as people write them: form fields or pasted JSON, converted to the request body. */

export interface McpDraft {
  kind: "command" | "url";
  name: string;
  program: string;
  args: string;
  env: string;
  cwd: string;
  url: string;
  headers: string;
}

export const emptyMcpDraft: McpDraft = {
  kind: "command",
  name: "",
  program: "npx",
  args: "",
  env: "",
  cwd: "",
  url: "https://",
  headers: "",
};

export type McpFaults = Partial<Record<"name" | "program" | "url", true>> & {
  env?: { line: number };
  headers?: { line: number };
};

const NAME = /^[a-z][a-z0-9-]{0,31}$/;

export function mcpFaults(draft: McpDraft): McpFaults {
  const faults: McpFaults = {};
  if (!NAME.test(draft.name)) faults.name = true;
  if (draft.kind === "command") {
    if (!draft.program.trim()) faults.program = true;
    const line = badLine(draft.env, /^[A-Za-z_]\w*=/);
    if (line) faults.env = { line };
  } else {
    if (!/^https?:\/\/\S+$/.test(draft.url)) faults.url = true;
    const line = badLine(draft.headers, /^[\w-]+\s*:/);
    if (line) faults.headers = { line };
  }
  return faults;
}

/** The number (from 1) of the first line that is not empty and does not match; 0 if all match. */
function badLine(text: string, form: RegExp): number {
  return text.split("\n").findIndex((line) => line.trim() !== "" && !form.test(line.trim())) + 1;
}

export function mcpBody(draft: McpDraft): Record<string, unknown> {
  if (draft.kind === "url") {
    const headers = pairs(draft.headers, ":");
    return { name: draft.name, url: draft.url.trim(), ...(Object.keys(headers).length > 0 && { headers }) };
  }
  const env = pairs(draft.env, "=");
  return {
    name: draft.name,
    command: draft.program.trim(),
    // Each line is one argument, spaces included.
    args: draft.args.split("\n").filter((line) => line !== ""),
    ...(Object.keys(env).length > 0 && { env }),
    ...(draft.cwd.trim() && { cwd: draft.cwd.trim() }),
  };
}

function pairs(text: string, mark: "=" | ":"): Record<string, string> {
  const result: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const at = line.indexOf(mark);
    if (at > 0) result[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return result;
}

/** Parses pasted JSON. Accepts code fences and a member without the outer braces. Throws `SyntaxError`. */
export function parsePasted(text: string): object {
  const unfenced = text
    .trim()
    .replace(/^```\w*\s*/, "")
    .replace(/\s*```$/, "")
    .replace(/,\s*$/, "");
  const value: unknown = JSON.parse(/^"[^"]+"\s*:/.test(unfenced) ? wrapped(unfenced) : unfenced);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SyntaxError("it is not an object");
  return value;
}

/** `"mcpServers": {…}` gets the outer braces; `"files": { "command": … }` is a single server and gets both. */
function wrapped(member: string): string {
  return /^"mcpServers"/.test(member) ? `{${member}}` : `{"mcpServers":{${member}}}`;
}
