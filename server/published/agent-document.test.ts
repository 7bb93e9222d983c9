import { afterAll, beforeAll, expect, test } from "vitest";
import { echo, graphOf, type TestApp, testApp } from "../testing/test-app.ts";

let app: TestApp;
let key: string;

beforeAll(async () => {
  app = await testApp();
  const fields = [
    { name: "city", kind: "text", required: true },
    { name: "order", kind: "json", required: false },
  ];
  const graph = graphOf({ ask: ["input", { fields }], reply: ["output"] }, ["ask.message reply.reply"], {
    name: "Traveller",
    description: "Knows cities.",
  });
  await app.publish(graph, "traveller");
  await app.publish(echo, "hidden");
  ({ key } = await app.key({ agents: ["traveller"] }));
});
afterAll(() => app.close());

interface AgentDocument {
  openapi: string;
  info: object;
  servers: object[];
  paths: Record<string, { post?: { requestBody: { content: { "application/json": { schema: never } } } } }>;
}
const get = (path: string, status = 200) => app.json<AgentDocument>("GET", path, { token: key, status });

test("describes the calls and the inputs of the live version", async () => {
  const found = await get("/v1/agents/traveller/openapi.json");
  expect(found).toMatchObject({
    openapi: "3.1.0",
    info: { title: "Traveller", description: "Knows cities.", version: "1" },
    servers: [{ url: "http://127.0.0.1:4400" }],
  });
  expect(Object.keys(found.paths)).toEqual(["/v1/agents/traveller/runs", "/v1/runs/{id}", "/v1/runs/{id}/cancel"]);
  const { schema } = found.paths["/v1/agents/traveller/runs"]!.post!.requestBody.content["application/json"];
  expect(schema).toMatchObject({
    properties: {
      input: {
        properties: { message: { type: "string" }, city: { type: "string" }, order: {} },
        required: ["message", "city"],
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  });
  expect(JSON.stringify(schema)).not.toContain("files");
  const pinned = await get("/v1/agents/traveller@1/openapi.json");
  expect(Object.keys(pinned.paths)[0]).toBe("/v1/agents/traveller@1/runs");
});

test("can be imported as a tool, as any document", async () => {
  const openapi = await get("/v1/agents/traveller/openapi.json");
  const { tools, report } = await app.json<{
    tools: { name: string; parameters: { properties: object } }[];
    report: object[];
  }>("POST", "/api/tools/import", { body: { openapi, name: "traveller", server: "https://agents.example.com" } });
  expect(tools.map((tool) => tool.name)).toContain("openapi/traveller/ask");
  expect(report).toHaveLength(3);
});

test("is available only to keys that may call the agent", async () => {
  for (const name of ["hidden", "nobody", "traveller@2", "traveller@x"])
    await get(`/v1/agents/${name}/openapi.json`, 404);
  await app.json("GET", "/v1/agents/traveller/openapi.json", { token: null, status: 401 });
  await app.json("GET", "/v1/agents/traveller/openapi.json", { status: 401 });
  const { key: mute } = await app.key({ rights: ["answer"] });
  await app.json("GET", "/v1/agents/traveller/openapi.json", { token: mute, status: 403 });
});
