import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { smallGraph } from "./graphs.ts";
import { makeAgent } from "./harness.ts";
import { pageSuite } from "./page-suite.ts";

const { server, page, go, button, dialog } = await pageSuite();

describe("templates", () => {
  it("of one's own are saved in the editor, stand beside ours, go out and come in as files, and are deleted", async () => {
    const id = await makeAgent(server, smallGraph({ name: "Explainer", description: "Explains a topic." }));
    await go(`/agents/${id}`);
    await page.locator(".react-flow__node").first().waitFor();
    // Typed at once: the field is there with its key.
    await page.keyboard.press("Control+k");
    await page.keyboard.type("save as a template");
    await dialog().getByRole("option", { name: "Save as template…", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await dialog().getByLabel("Name").fill("My explainer");
    if (process.env.E2E_SHOTS) await page.screenshot({ path: `${process.env.E2E_SHOTS}/save-template.png` });
    await dialog().getByLabel("Name").press("Enter");
    await button("View templates").click();
    await page.getByRole("heading", { name: "Your templates" }).waitFor();
    await button("Use “My explainer”").waitFor();
    await button("Use “Handbook helper”").waitFor();

    await button("Actions for “My explainer”").click();
    const saved = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Export as a file" }).click();
    const file = await saved;
    expect(file.suggestedFilename()).toBe("my-explainer.template.json");
    const text = readFileSync(await file.path(), "utf8");
    const files = page.locator("input[type=file]");
    const other = { ...JSON.parse(text), title: { en: "Copied", zh: "副本" } };
    await files.setInputFiles([
      { name: "copied.template.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(other)) },
      {
        name: "an.agent.json",
        mimeType: "application/json",
        buffer: Buffer.from(JSON.stringify(smallGraph({ name: "From a file" }))),
      },
      { name: "flow.json", mimeType: "application/json", buffer: Buffer.from('{"nodes":[],"connections":{}}') },
    ]);
    await page.getByText("2 templates imported").first().waitFor();
    await page.getByText("flow.json: This flow is from n8n").first().waitFor();
    if (process.env.E2E_SHOTS) await page.screenshot({ path: `${process.env.E2E_SHOTS}/templates.png` });

    await page.getByLabel("Search templates").fill("from a file");
    await expect.poll(() => page.getByRole("article").count()).toBe(1);
    await page.getByLabel("Search templates").fill("");
    await button("Actions for “Copied”").click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await dialog().getByRole("button", { name: "Delete" }).click();
    await page.getByText("“Copied” deleted").first().waitFor();
    await expect.poll(() => button("Use “Copied”").count()).toBe(0);

    await button("Use “My explainer”").click();
    await page.waitForURL(/\/agents\//);
    await page.getByRole("heading", { name: "My explainer" }).waitFor({ state: "attached" });
  });
});
