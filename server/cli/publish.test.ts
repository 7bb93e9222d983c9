/** `patchbay publish` against a running server, as a pipeline calls it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Agent } from "../contract/agent.ts";
import { parseEnv } from "../process/env.ts";
import { recordedIo } from "../testing/recorded-io.ts";
import { type Served, serve } from "../testing/served.ts";
import { echo, TOKEN } from "../testing/test-app.ts";
import { type PublishOptions, publish, setLive } from "./agents.ts";
import { type Client, openClient } from "./client.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-publish-"));
let served: Served;
let client: Client;
beforeAll(async () => {
  served = await serve();
  // A data folder of its own: only the address and the token lead to the server.
  client = await openClient(
    parseEnv({ PATCHBAY_DATA: join(folder, "none"), PATCHBAY_SERVER: served.origin, PATCHBAY_TOKEN: TOKEN }),
  );
});
afterAll(async () => {
  await client.close();
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(change: object = {}): string {
  const path = join(folder, "agent.json");
  writeFileSync(path, JSON.stringify({ ...echo, ...change }));
  return path;
}
async function published(path: string, options: PublishOptions) {
  const io = recordedIo();
  expect(await publish(client, path, options, io)).toBe(0);
  return io;
}
const agents = async () => (await client.call<{ agents: Agent[] }>("GET", "/api/agents?limit=100")).agents;
const liveOf = async (slug: string) => (await agents()).find((agent) => agent.slug === slug)!;

test("a pipeline neither undoes a rollback nor ends a share, and an unchanged file is no new version", async () => {
  expect((await published(file(), { slug: "steady" })).written).toBe("steady@1\n");
  expect((await published(file({ name: "Second" }), { slug: "steady", note: "two" })).written).toBe("steady@2\n");
  const rolledBack = recordedIo();
  expect(await setLive(client, "steady", 1, {}, rolledBack)).toBe(0);
  expect(rolledBack.written).toBe("steady@1\n");
  const again = await published(file({ name: "Second" }), { slug: "steady", note: "another commit" });
  expect(again.written).toBe("steady@2\n");
  expect(again.errors).toContain("Version 1 stays live");
  expect((await liveOf("steady")).live).toBe(1);
  // A new version does not undo the rollback either, unless it is asked to.
  expect((await published(file({ name: "Third" }), { slug: "steady" })).written).toBe("steady@3\n");
  expect((await liveOf("steady")).live).toBe(1);
  await published(file({ name: "Third" }), { slug: "steady", live: true });
  expect((await liveOf("steady")).live).toBe(3);

  await published(file({ name: "Fourth" }), { slug: "steady", share: 0.1 });
  const json = JSON.parse((await published(file({ name: "Fifth" }), { slug: "steady", json: true })).written);
  expect(json).toMatchObject({ slug: "steady", version: 5, live: 3, share: { version: 4, share: 0.1 } });
  const held = JSON.parse(
    (await published(file({ name: "Sixth" }), { slug: "steady", live: false, json: true })).written,
  );
  expect(held).toMatchObject({ version: 6, live: 3, share: { version: 4 } });
  const ended = JSON.parse(
    (await published(file({ name: "Sixth" }), { slug: "steady", live: true, json: true })).written,
  );
  expect(ended).toMatchObject({ version: 6, live: 6 });
  expect(ended).not.toHaveProperty("share");
});

test("live gives a share, and reports what does not exist", async () => {
  await published(file(), { slug: "moved" });
  await published(file({ name: "Next" }), { slug: "moved", live: false });
  const shared = recordedIo();
  expect(await setLive(client, "moved", 2, { share: 0.25 }, shared)).toBe(0);
  expect(shared).toMatchObject({ written: "moved@1\n", errors: "Version 2 gets 25 % of the calls.\n" });
  await expect(setLive(client, "moved", 9, {}, recordedIo())).rejects.toMatchObject({ code: "not_found" });
  await expect(setLive(client, "nobody", 1, {}, recordedIo())).rejects.toMatchObject({ code: "not_found" });
});

test("the first version is live; live and a share exclude each other", async () => {
  for (const options of [{ live: false }, { share: 0.5 }, { live: true, share: 0.5 }])
    await expect(publish(client, file(), { slug: "first", ...options }, recordedIo())).rejects.toMatchObject({
      code: "bad_request",
    });
});

test("what cannot be published leaves no draft behind", async () => {
  const ids = async () => (await agents()).map(({ id }) => id);
  const before = await ids();
  const io = recordedIo();
  const broken = file({ edges: [{ from: "ask.nothing", to: "reply.reply" }] });
  await expect(publish(client, broken, { slug: "broken" }, io)).rejects.toThrow(/errors\. Nothing was saved/);
  expect(io.errors).toContain("unknown-port");
  await expect(publish(client, file(), { slug: "Not/OK" }, recordedIo())).rejects.toThrow(/cannot be an address/);
  expect(await ids()).toEqual(before);
});

test("changes in the editor that are not published are not overwritten", async () => {
  await published(file({ name: "By file" }), { slug: "edited" });
  const { id, revision, graph } = await liveOf("edited");
  const edit = (graph: unknown, revision: number) =>
    client.call<Agent>("PUT", `/api/agents/${id}`, { graph }, { "if-match": `"${revision}"` });
  const edited = await edit({ ...graph, name: "By hand" }, revision);
  await expect(publish(client, file({ name: "Next" }), { slug: "edited" }, recordedIo())).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringMatching(/not published \(revision 2; version 1 is revision 1\).*--force/),
  });
  expect((await liveOf("edited")).graph.name).toBe("By hand");
  // A file with the same changes, a draft that was put back, and a file that is to win are no conflict.
  expect((await published(file({ name: "By hand" }), { slug: "edited" })).written).toBe("edited@2\n");
  const twice = await edit({ ...graph, name: "Again" }, edited.revision);
  await edit({ ...graph, name: "By hand" }, twice.revision);
  expect((await published(file({ name: "Next" }), { slug: "edited" })).written).toBe("edited@3\n");
  await edit({ ...graph, name: "Lost" }, (await liveOf("edited")).revision);
  expect((await published(file({ name: "Last" }), { slug: "edited", force: true })).written).toBe("edited@4\n");
});

test("the log of a pipeline gets the chat link without its key", async () => {
  const io = await published(file(), { slug: "linked", access: "link" });
  expect(io.errors).toMatch(/^chat: http:\S+\/chat\/linked$/m);
});
