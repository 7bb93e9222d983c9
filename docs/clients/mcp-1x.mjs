/** The MCP client of SDK version 1. `KEY=pb_… AGENT=handbook node mcp-1x.mjs` */
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { agent, key, origin } from "./setup.mjs";

const client = new Client({ name: "example", version: "1" });
const headers = { authorization: `Bearer ${key}` };
await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", origin), { requestInit: { headers } }));

const { tools } = await client.listTools();
assert(
  tools.some((tool) => tool.name === agent),
  `The key may call "${agent}".`,
);

const result = await client.callTool({
  name: agent,
  arguments: { message: "How many days of annual leave do I get?" },
});
assert(!result.isError, result.content[0].text);
assert(result.content[0].text, "The result has a reply.");

console.log(result.content[0].text);
await client.close();
