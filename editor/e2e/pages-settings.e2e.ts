import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { smallGraph } from "./graphs.ts";
import { makeAgent } from "./harness.ts";
import { pageSuite } from "./page-suite.ts";

const { server, page, go, button, dialog } = await pageSuite();

describe("settings", () => {
  it("write a secret and never show it", async () => {
    await go("/settings/secrets");
    await button("Add secret").first().click();
    await dialog().getByLabel("Name").fill("WEATHER_KEY");
    await dialog().getByLabel("Value").fill("a-very-secret-value");
    await button("Save").click();
    await page.getByRole("row", { name: /WEATHER_KEY/ }).waitFor();
    await page.reload();
    await page.getByRole("row", { name: /WEATHER_KEY/ }).waitFor();
    expect(await page.content()).not.toContain("a-very-secret-value");
  });

  it("show an agent key once", async () => {
    await go("/settings/keys");
    await button("New key").first().click();
    await dialog().getByLabel("Name").fill("Intranet");
    await button("Create key").click();
    const key = await dialog().getByText(/^pb_/).textContent();
    await button("Done").click();
    await page.getByRole("row", { name: /Intranet/ }).waitFor();
    expect(await page.content()).not.toContain(key!);
  });

  it("limit what a key may use a day, and say how much of it is used", async () => {
    await go("/settings/keys");
    await button("Edit Intranet").click();
    await dialog().getByLabel("Tokens per day").fill("many");
    await button("Save").click();
    await dialog().getByText("Enter a whole number above 0").waitFor();
    await dialog().getByLabel("Tokens per day").fill("2,000");
    await dialog().getByLabel("Cost per day, USD").fill("0.50");
    await dialog().getByLabel("Cost per day, USD").press("Enter");
    const row = page.getByRole("row", { name: /Intranet/ });
    await row.getByText("0 of 2K tokens").waitFor();
    await row.getByText("$0.00 of $0.50").waitFor();
    await button("Edit Intranet").click();
    await dialog().getByLabel("Cost per day, USD").fill("");
    await button("Save").click();
    await row.getByText("$0.00 of $0.50").waitFor({ state: "detached" });
    await row.getByText("0 of 2K tokens").waitFor();
  });

  it("back the instance up into a download, and bring it back", async () => {
    await server.call("PUT", "/api/secrets/WEATHER_KEY", { value: "a-very-secret-value" });
    await makeAgent(server, smallGraph());
    await go("/settings/backup");
    await page.getByLabel("Include secrets, encrypted with a passphrase").click();
    await page.getByLabel("Passphrase", { exact: true }).fill("short");
    await page.getByText("Use at least 12 characters.").waitFor();
    await page.getByLabel("Passphrase", { exact: true }).fill("a passphrase of its own");
    await page.getByLabel("Repeat passphrase").fill("a passphrase of its own");
    const download = page.waitForEvent("download");
    await button("Download backup").click();
    const file = await (await download).path();
    await page
      .getByText(/Backup complete/)
      .first()
      .waitFor();

    await page.locator("input[type=file]").setInputFiles({
      name: "patchbay.tar.gz",
      mimeType: "application/gzip",
      buffer: readFileSync(file),
    });
    const restore = page.getByRole("button", { name: "Restore", exact: true });
    await restore.click();
    await page.getByText(/This instance is not empty/).waitFor();
    await page.getByLabel("Merge with existing data").click();
    await restore.click();
    await page.getByText("This backup contains secrets").waitFor();
    await page.getByLabel("Passphrase for its secrets").fill("another passphrase");
    await restore.click();
    await page.getByText("The passphrase is wrong").waitFor();
    await page.getByLabel("Passphrase for its secrets").fill("a passphrase of its own");
    await restore.click();
    await page.getByText("Everything in it already exists here.").waitFor();
  });

  it("change language and theme at once, and remember them", async () => {
    await go("/settings");
    await page.getByRole("radio", { name: "中文" }).click();
    await page.getByRole("radio", { name: "深色" }).click();
    await page.reload();
    await page.getByRole("heading", { name: "外观与语言" }).waitFor();
    expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme])).toEqual([
      "zh",
      "dark",
    ]);
    await page.getByRole("radio", { name: "English" }).click();
    await page.getByRole("radio", { name: "Light" }).click();
  });
});
