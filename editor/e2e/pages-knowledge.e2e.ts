import { describe, expect, it } from "vitest";
import { pageSuite } from "./page-suite.ts";

const { page, go, button, dialog } = await pageSuite();

describe("knowledge", () => {
  it("takes documents, says when they are ready, and finds passages with their place", async () => {
    await go("/knowledge");
    await button("New knowledge").first().click();
    await dialog().getByLabel("Name").fill("bird notes");
    await button("Create").click();
    await page.waitForURL(/\/knowledge\/bird%20notes/);
    await page
      .locator("input[type=file]:not([webkitdirectory])")
      .first()
      .setInputFiles([
        {
          name: "heron.md",
          mimeType: "text/markdown",
          buffer: Buffer.from("# Heron\n\n## Nest\n\nThe heron nests in tall alders by the river.\n"),
        },
        { name: "鹭.md", mimeType: "text/markdown", buffer: Buffer.from("# 鹭\n\n## 食物\n\n苍鹭主要吃鱼和青蛙。\n") },
        { name: "photo.png", mimeType: "image/png", buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47]) },
      ]);
    await page.getByText("1 file could not be added").waitFor();
    await page
      .getByRole("row", { name: /heron\.md/ })
      .getByText("Ready")
      .waitFor();
    await page
      .getByRole("row", { name: /鹭\.md/ })
      .getByText("Ready")
      .waitFor();
    // The counts follow the documents without a reload.
    await page.getByText("2 passages").waitFor();
    await page.getByLabel("Question").fill("Where does the heron nest?");
    await button("Search").click();
    const hit = page.getByRole("region", { name: "Test search" }).getByRole("article").first();
    await hit.getByText("tall alders").waitFor();
    expect(await hit.textContent()).toMatch(/heron\.md[\s\S]*Nest[\s\S]*Keyword rank 1/);
    await page.getByLabel("Question").fill("苍鹭吃什么");
    await button("Search").click();
    await hit.getByText("青蛙").waitFor();
  }, 40_000);

  it("is renamed, and its earlier address still opens it", async () => {
    await go("/knowledge/bird%20notes");
    await button("More actions for bird notes").click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await dialog().getByLabel("Name").fill("birds");
    await dialog().getByRole("button", { name: "Save" }).click();
    await page.waitForURL(/\/knowledge\/birds$/);
    await page.getByRole("heading", { name: "birds" }).waitFor();
    await go("/knowledge/bird%20notes");
    await page.getByRole("row", { name: /heron\.md/ }).waitFor();
  });

  it("removes a document", async () => {
    await go("/knowledge/bird%20notes");
    await button("Remove “heron.md”").click();
    await page.getByRole("row", { name: /heron\.md/ }).waitFor({ state: "detached" });
  });
});
