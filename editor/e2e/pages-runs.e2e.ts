import { describe, expect, it } from "vitest";
import { smallGraph } from "./graphs.ts";
import { makeAgent } from "./harness.ts";
import { pageSuite } from "./page-suite.ts";

const { server, page, go, button, dialog } = await pageSuite();

describe("runs", () => {
  it("are filtered, opened with their timeline, and deleted", async () => {
    const agent = await makeAgent(server, smallGraph({ name: "Counter" }));
    for (const message of ["What is 6 * 7?", "Tell me the time"])
      await server.call("POST", `/api/agents/${agent}/runs`, { input: { message }, session: "talk" });
    await go("/runs");
    await page.getByRole("link", { name: /Tell me the time/ }).waitFor();
    await page.getByLabel("Search messages").fill("6 * 7");
    await page.getByRole("link", { name: /Tell me the time/ }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: /6 \* 7/ }).click();
    await button(/^calculator/).click();
    await page.getByText("Called calculator").waitFor();
    await page.getByRole("heading", { name: "Reply" }).waitFor();
    await page.getByText("42").first().waitFor();
    await button("Delete run").click();
    await dialog().getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/\/runs$/);
    await page.getByRole("link", { name: /Tell me the time/ }).waitFor();
    expect(await page.getByRole("link", { name: /6 \* 7/ }).count()).toBe(0);
  });

  it("stand in their session", async () => {
    await go("/sessions");
    await page.getByRole("link", { name: /Tell me the time/ }).click();
    await page.getByText("Open run").first().waitFor();
  });

  it("are kept as long as the settings say", async () => {
    await go("/settings");
    await page.getByLabel("Keep runs for").click();
    await page.getByRole("option", { name: "30 days" }).click();
    await go("/runs");
    await page.getByText("Runs are kept for 30 days.").waitFor();
  });

  it("add up on the usage page", async () => {
    await go("/usage");
    await page.getByRole("row", { name: /Counter/ }).waitFor();
    // A row filters the page by its agent, then by version; the URL keeps the filters.
    await button("Show only Counter").click();
    await button("Show only Counter · draft").click();
    await page.getByRole("row", { name: /Editor and admin/ }).waitFor();
    await page.reload();
    await page.getByRole("row", { name: /Editor and admin/ }).waitFor();
    await page.getByRole("combobox", { name: "Key" }).click();
    await page.getByRole("option", { name: "Chat pages" }).click();
    await page.getByText("No usage matches these filters").waitFor();
    await button("Clear filters").first().click();
    const plot = page.getByRole("img", { name: /^Runs per day/ });
    await plot.focus();
    await page.keyboard.press("ArrowLeft");
    await page
      .getByRole("figure", { name: /Runs per day/ })
      .getByText(/[A-Z][a-z]{2} \d+/)
      .first()
      .waitFor();
  });
});
