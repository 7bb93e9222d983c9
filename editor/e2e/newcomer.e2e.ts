/** The first five minutes: from the start page to a cited reply, and agents as files. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { serializeGraph } from "../../runtime/graph.ts";
import { editorSuite } from "./editor-suite.ts";
import { smallGraph } from "./graphs.ts";

const { server, page } = await editorSuite({ checkErrors: false });
beforeEach(() => page.goto(server.origin));

describe("a newcomer", () => {
  it("gets a cited answer from a template in two clicks", async () => {
    let clicks = 0;
    const click = async (name: string | RegExp) => {
      clicks++;
      await page.getByRole("button", { name }).first().click();
    };
    await page.getByRole("heading", { name: "Start from a template" }).waitFor();
    await click("Use “Handbook helper”");
    await page.waitForURL(/\/agents\//);
    await click(/^How many days of annual leave/);
    // The citation: its number, the file and the position.
    await page
      .getByRole("button", { name: /^\d+\s*leave-and-hours\.md/ })
      .first()
      .waitFor();
    expect(clicks).toBeLessThanOrEqual(5);
    await page
      .getByText(/This reply comes from the demo model/)
      .first()
      .waitFor();
  }, 60_000);

  it("is asked for a folder and an exact command before a program starts", async () => {
    const folder = join(server.data, "..", `${server.data.split("/").at(-1)}-docs`);
    mkdirSync(folder);
    writeFileSync(join(folder, "README.md"), "# Heron\n\nHeron counts birds.\n");
    await page.goto(`${server.origin}/templates`);
    await page.getByRole("button", { name: "Use “File assistant”" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("Enter the full path").waitFor();
    await page.getByLabel("Folder").fill("/no/such/folder");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("alert").getByText("does not exist; create it").waitFor();
    await page.getByLabel("Folder").fill(folder);
    await page.getByRole("button", { name: "Continue" }).click();
    const parts = page.getByRole("list", { name: "Command arguments" });
    await parts.waitFor();
    expect(await parts.textContent()).toContain(folder);
    const before = await server.call<{ servers: { status: string }[] }>("GET", "/api/mcp-servers");
    expect(before.servers.map((one) => one.status)).toEqual(["needs-approval"]);
    await page.getByRole("button", { name: "Approve and start" }).click();
    await page.waitForURL(/\/agents\//);
    await page
      .getByRole("button", { name: /^Which files are in the folder/ })
      .first()
      .click();
    await page.getByText("README.md").last().waitFor();
  }, 60_000);
});

describe("agents as files", () => {
  const file = (name: string, text: string) => ({ name, mimeType: "application/json", buffer: Buffer.from(text) });
  const choose = (...files: ReturnType<typeof file>[]) =>
    page.locator("input[type=file][aria-label=Import]").setInputFiles(files);
  const card = (name: string) =>
    page.getByRole("article").filter({ has: page.getByRole("link", { name, exact: true }) });

  it("imports one and opens it", async () => {
    await choose(file("a.agent.json", serializeGraph(smallGraph({ name: "Brought along" }))));
    await page.waitForURL(/\/agents\//);
    await page.getByRole("listitem").filter({ hasText: "Brought along" }).first().waitFor();
  });

  it("takes the good ones of several and says what is wrong with the others", async () => {
    await choose(
      file("good.json", serializeGraph(smallGraph({ name: "Good one" }))),
      file("broken.json", "{ not json"),
      file("odd.json", JSON.stringify({ ...smallGraph(), surprise: true })),
    );
    await page
      .getByText(/^broken\.json: /)
      .first()
      .waitFor();
    await page
      .getByText(/^odd\.json: /)
      .first()
      .waitFor();
    await page
      .getByText(/surprise/)
      .first()
      .waitFor();
    await page.goto(server.origin);
    await card("Good one").waitFor();
  });

  it("exports what it imported, byte for byte", async () => {
    const text = serializeGraph(smallGraph({ name: "Round trip" }));
    await server.call("POST", "/api/agents", { graph: JSON.parse(text) });
    await page.reload();
    await page.getByRole("button", { name: "Actions for Round trip" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: "Export file" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("round-trip.agent.json");
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe(text);
  });

  it("duplicates and deletes", async () => {
    await page.getByRole("button", { name: "Actions for Round trip", exact: true }).click();
    await page.getByRole("menuitem", { name: "Duplicate" }).click();
    await card("Round trip (copy)").waitFor();
    await page.getByRole("button", { name: "Actions for Round trip (copy)" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await card("Round trip (copy)").waitFor({ state: "detached" });
    await card("Round trip").waitFor();
  });

  it("puts agents into folders, gives them tags and filters by both", async () => {
    await page.getByRole("button", { name: "Actions for Round trip", exact: true }).click();
    await page.getByRole("menuitem", { name: "Folder and tags…" }).click();
    await page.getByRole("dialog").getByLabel("Folder").fill("Team/Support");
    await page.getByRole("dialog").getByLabel("Tags").fill("mail, daily");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await card("Good one").waitFor();
    await page.getByRole("combobox", { name: "Folder" }).click();
    await page.getByRole("option", { name: "Team", exact: true }).click();
    await card("Good one").waitFor({ state: "detached" });
    await card("Round trip").getByText("Team/Support").waitFor();
    await page.getByRole("combobox", { name: "Tag" }).click();
    await page.getByRole("option", { name: "daily" }).click();
    await card("Round trip").waitFor();
    await page.getByRole("combobox", { name: "Folder" }).click();
    await page.getByRole("option", { name: "All folders" }).click();
    await card("Good one").waitFor({ state: "detached" });
  });
});
