import { describe, it } from "vitest";
import { smallGraph } from "./graphs.ts";
import { makeAgent } from "./harness.ts";
import { pageSuite } from "./page-suite.ts";

const { server, page, go, button, dialog } = await pageSuite();

describe("triggers", () => {
  it("adds a schedule in words, a webhook and a notice; tries, pauses, changes and deletes them", async () => {
    const id = await makeAgent(server, smallGraph());
    await go(`/agents/${id}/triggers`);
    await page.getByText("Publish the agent first").waitFor();
    await server.call("POST", `/api/agents/${id}/publish`, { slug: "woken" });
    await page.reload();

    await button("Add schedule").click();
    await button("Add").click();
    await dialog().getByText("Enter a name").waitFor();
    await dialog().getByLabel("Name").fill("Morning report");
    await dialog().getByLabel("Time", { exact: true }).fill("08:30");
    await dialog().getByLabel("Time zone").fill("Moon/Base");
    await dialog().getByText("This time never occurs").waitFor();
    await dialog().getByLabel("Time zone").fill("Asia/Shanghai");
    await dialog().getByLabel("Message").fill("What is new?");
    await button("Add").click();
    const schedule = page.getByRole("article", { name: "Morning report" });
    await schedule.getByText("Every weekday at 08:30, Asia/Shanghai").waitFor();
    await schedule.getByText(/Next runs: \w{3}, .*08:30 · .*08:30 · .*08:30/).waitFor();
    await schedule.getByRole("button", { name: "Run now" }).click();
    await button("Open run").click();
    await page.getByText("What is new?").first().waitFor();
    await page.goBack();
    await schedule.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await dialog().getByRole("combobox", { name: "Frequency" }).click();
    await page.getByRole("option", { name: "Every week", exact: true }).click();
    await button("Save").click();
    await schedule.getByText("Every Monday at 08:30, Asia/Shanghai").waitFor();
    await schedule.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Pause" }).click();
    await schedule.getByText("Paused").waitFor();

    await button("Add trigger").click();
    await page.getByRole("menuitem", { name: "Webhook" }).click();
    await dialog().getByLabel("Name").fill("New orders");
    await button("Add").click();
    await dialog()
      .getByText(/^whsec_/)
      .first()
      .waitFor();
    await button("Done").click();
    const hook = page.getByRole("article", { name: "New orders" });
    await hook.getByText(`${server.origin}/v1/hooks/`).waitFor();
    await hook.getByRole("button", { name: "Run now" }).click();
    await dialog().getByLabel("Request body").fill('{"message":"An order"}');
    await dialog().getByRole("button", { name: "Run now" }).click();
    await dialog().getByText("Started").waitFor();
    await page.keyboard.press("Escape");
    await hook.getByRole("button", { name: "Activity" }).click();
    await dialog().getByText("Done").waitFor();
    await page.keyboard.press("Escape");

    await button("Add trigger").click();
    await page.getByRole("menuitem", { name: "Notification" }).click();
    await dialog().getByLabel("Name").fill("Tell the desk");
    await dialog().getByLabel("Address").fill("http://10.0.0.1/told");
    await button("Add").click();
    await dialog().getByText("10.0.0.1").last().waitFor();
    await page.keyboard.press("Escape");

    await hook.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await dialog().getByRole("button", { name: "Delete" }).click();
    await hook.waitFor({ state: "detached" });
  });
});
