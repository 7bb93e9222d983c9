import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pageSuite } from "./page-suite.ts";

const { server, page, go, button, dialog } = await pageSuite();

let endpoint: Server;
let endpointUrl: string;
/** Nothing listens there. */
let closedUrl: string;

beforeAll(async () => {
  endpoint = createServer((request, response) => {
    // An endpoint that lists its models and rejects chat requests without a key.
    response.setHeader("content-type", "application/json");
    request.resume();
    if (request.headers.authorization === "Bearer sk-the-right-key" && !request.url?.endsWith("/models"))
      return response.end(
        JSON.stringify({
          choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
        }),
      );
    if (request.url?.endsWith("/models"))
      return response.end(JSON.stringify({ data: [{ id: "qwen3:8b", object: "model" }] }));
    response.statusCode = 401;
    response.end(JSON.stringify({ error: { message: "Incorrect API key provided" } }));
  });
  await new Promise<void>((ready) => endpoint.listen(0, "127.0.0.1", ready));
  const closed = createServer();
  await new Promise<void>((ready) => closed.listen(0, "127.0.0.1", ready));
  closedUrl = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/v1`;
  await new Promise((done) => closed.close(done));
  endpointUrl = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/v1`;
});
afterAll(() => endpoint.close());

describe("models", () => {
  beforeEach(() => go("/models"));

  it("explains the demo, and tests it in plain words", async () => {
    await page.getByText("You are using the demo model").waitFor();
    await button("Test").click();
    await page.getByText("It works").waitFor();
    await page.getByText("Tool calling").waitFor();
  });

  it("adds a provider from a preset, stores its key write-only, and says why it does not work", async () => {
    await button("Add provider").first().click();
    await button(/^vLLM/).click();
    await dialog().getByLabel("Address").fill("not an address");
    await button("Save and test").click();
    await page.getByText("Start with http").waitFor();
    await dialog().getByLabel("Address").fill(endpointUrl);
    await dialog().getByLabel("API key").fill("sk-a-wrong-key");
    await button("Save and test").click();
    await page.getByText("The provider rejected the API key").waitFor();
    expect(await dialog().textContent()).not.toContain("sk-a-wrong-key");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "vllm" }).waitFor();
    const { secrets } = await server.call<{ secrets: { name: string }[] }>("GET", "/api/secrets");
    expect(secrets.map((secret) => secret.name)).toContain("VLLM_API_KEY");
  });

  it("a new provider that fails its test is corrected in place, renamed, and takes what the test found", async () => {
    await button("Add provider").first().click();
    await button(/^LM Studio/).click();
    await dialog().getByLabel("Address").fill(closedUrl);
    await button("Save and test").click();
    await dialog()
      .getByText(/cannot be reached/)
      .waitFor();
    expect(await dialog().textContent()).not.toContain("already exists");
    await dialog().getByLabel("Address").fill(endpointUrl);
    await dialog().getByLabel("Name").fill("studio");
    await dialog().getByLabel("API key").fill("sk-the-right-key");
    await button("Save and test").click();
    await dialog().getByText("It works").waitFor();
    expect(await dialog().textContent()).not.toContain("already exists");
    await dialog().getByRole("button", { name: "Update profile" }).click();
    await dialog().getByRole("button", { name: "Update profile" }).waitFor({ state: "detached" });
    await dialog().getByRole("button", { name: "Done" }).click();
    const { providers } = await server.call<{ providers: Record<string, unknown>[] }>("GET", "/api/models");
    expect(providers.filter(({ baseUrl }) => baseUrl === endpointUrl)).toHaveLength(2);
    expect(providers.find(({ id }) => id === "studio")).toMatchObject({ baseUrl: endpointUrl, aliases: ["lmstudio"] });
    expect(providers.some(({ id }) => id === "lmstudio")).toBe(false);
    await server.call("DELETE", "/api/models/studio");
    await go("/models");
  });

  it("changes and removes one", async () => {
    await button("Edit: vllm").click();
    await dialog().getByLabel("Models").fill("qwen3:8b\nqwen3:30b");
    await button("Save and test").click();
    await page.getByText("The provider rejected the API key").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("qwen3:30b").waitFor();
    await button("Make vllm/qwen3:30b the default").click();
    await page.getByText("set by you").waitFor();
    await button("Choose automatically").click();
    await page.getByText("set by you").waitFor({ state: "detached" });
    await button("Remove: vllm").click();
    await dialog().getByRole("button", { name: "Remove" }).click();
    await page.getByRole("heading", { name: "vllm" }).waitFor({ state: "detached" });
  });
});
