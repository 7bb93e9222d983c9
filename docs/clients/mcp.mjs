/** The MCP client of SDK version 2, with the current and the legacy protocol. `KEY=pb_… AGENT=handbook node mcp.mjs` */
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { agent, key, origin } from "./setup.mjs";

for (const versionNegotiation of [{ mode: "auto" }, { mode: "legacy" }]) {
  const client = new Client({ name: "example", version: "1" }, { versionNegotiation });
  const headers = { authorization: `Bearer ${key}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`/mcp/${agent}`, origin), { requestInit: { headers } }),
  );

  const { tools } = await client.listTools();
  assert.deepEqual(
    tools.map((tool) => tool.name),
    [agent],
  );
  const question = { message: "How many days of annual leave do I get?", session: "example" };
  const result = await client.callTool({ name: agent, arguments: question });
  assert(!result.isError, result.content[0].text);
  assert(result.content[0].text, "The result has a reply.");

  const refused = await client.callTool({ name: agent, arguments: { message: "hello", colour: "red" } });
  assert(refused.isError, "An undeclared input is refused, with a message for the model.");

  console.log(`${client.getNegotiatedProtocolVersion()}: ${result.content[0].text}`);
  await client.close();
}
