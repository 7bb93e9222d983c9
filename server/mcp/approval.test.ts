/** What an admin sees before the approval of a server, and what the approval covers. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Script } from "./testing/scripted-server.ts";
import { openTestServices, rough, scripted, type TestServices } from "./testing/test-services.ts";

vi.setConfig({ testTimeout: 120_000 });

let services: TestServices;
const never = new AbortController().signal;

beforeAll(async () => {
  services = await openTestServices({ startMs: 60_000 });
});
afterEach(async () => {
  for (const { name } of await services.mcp.cards()) await services.mcp.delete(name);
});
afterAll(() => services.close());

const add = async (server: object) => (await services.mcp.add({ name: "a", ...server }))[0]!;
const effects = async () =>
  Object.fromEntries((await services.mcp.tools("a", never)).map((tool) => [tool.name.split("/").at(-1), tool.effect]));

describe("environment variables", () => {
  const env = { API_TOKEN: "t0ps3cret", HOME: "/tmp/elsewhere", LOG_LEVEL: "debug", XDG_CONFIG_HOME: "/tmp/config" };

  it("values that are not secrets are shown in full, and unknown names are marked", async () => {
    const card = await add({ ...rough("ok"), env });
    expect(card.env).toEqual([
      { name: "API_TOKEN", secret: "mcp.a.API_TOKEN" },
      { name: "HOME", value: "/tmp/elsewhere", unknown: true },
      { name: "LOG_LEVEL", value: "debug" },
      { name: "XDG_CONFIG_HOME", value: "/tmp/config", unknown: true },
    ]);
    expect(JSON.stringify(card)).not.toContain("t0ps3cret");
  });

  it("unknown names need an explicit yes, each of them", async () => {
    const card = await add({ ...rough("ok"), env });
    for (const confirmEnv of [undefined, [], ["HOME"], ["XDG_CONFIG_HOME", "LOG_LEVEL"]])
      await expect(services.mcp.approve("a", card.seen, confirmEnv)).rejects.toMatchObject({
        code: "bad_request",
        path: "/confirmEnv",
        message: expect.stringMatching(/HOME/),
      });
    expect((await services.mcp.cards())[0]!.status).toBe("needs-approval");
    expect((await services.mcp.approve("a", card.seen, ["HOME", "XDG_CONFIG_HOME"])).status).toBe("ready");
    const seen = await services.mcp.call("a", "env", {}, { idempotencyKey: "k" }, never);
    expect(JSON.parse(seen.content).names).toEqual(expect.arrayContaining(["HOME", "XDG_CONFIG_HOME", "API_TOKEN"]));
    // Approved once, a restart of the same command asks nothing.
    expect((await services.mcp.approve("a")).status).toBe("ready");
  });

  it.each([
    "OPENSSL_CONF",
    "PYTHONPYCACHEPREFIX",
    "R_PROFILE",
    "PHPRC",
    "GOFLAGS",
    "RUSTC_WRAPPER",
    "MAVEN_OPTS",
    "LESSOPEN",
    "HTTPS_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "A_NAME_OF_NEXT_YEAR",
  ])("%s is unknown, in any case and also as a reference to a secret", async (name) => {
    for (const env of [{ [name]: "/tmp/x" }, { [name.toLowerCase()]: "/tmp/x" }, { [name]: { secret: "MINE" } }]) {
      const card = await add({ ...rough("ok"), env });
      expect(card.env![0]!.unknown).toBe(true);
      await expect(services.mcp.approve("a", card.seen)).rejects.toThrow("confirmEnv");
      await services.mcp.delete("a");
    }
  });

  it("a shown value is part of the approval; the value of a secret is not", async () => {
    const card = await add({ ...rough("ok"), env: { LOG_LEVEL: "debug", API_TOKEN: "one" } });
    await services.mcp.approve("a", card.seen);
    const secret = await services.mcp.change("a", { env: { LOG_LEVEL: "debug", API_TOKEN: "two" } });
    expect(secret.status).toBe("stopped");
    const shown = await services.mcp.change("a", { env: { LOG_LEVEL: "trace", API_TOKEN: "two" } });
    expect(shown.status).toBe("needs-approval");
    expect(shown.seen).not.toBe(card.seen);
    await expect(services.mcp.approve("a", card.seen)).rejects.toMatchObject({ code: "conflict" });
  });

  it("an approval of an older version, in which all values were secrets, stays valid", async () => {
    const settings = { name: "a", ...scripted({}), env: { HOME: { secret: "mcp.a.HOME" } } };
    const argv = [settings.command, ...settings.args];
    const old = JSON.stringify({ argv, cwd: join(services.dir, "mcp", "a"), env: ["HOME"] });
    const approved = createHash("sha256").update(old).digest("hex");
    await services.records.put("mcp-server", "a", { settings, approved });
    await services.reopen();
    expect(await services.mcp.cards()).toMatchObject([{ status: "stopped", missingSecrets: ["mcp.a.HOME"] }]);
  });

  it("a secret that is missing is named on the card until it is set", async () => {
    const card = await add({ ...rough("ok"), env: { API_TOKEN: "<your token>", OTHER_TOKEN: { secret: "SHARED" } } });
    expect(card.missingSecrets).toEqual(["mcp.a.API_TOKEN", "SHARED"]);
    expect(await services.mcp.approve("a", card.seen)).toMatchObject({
      status: "failed",
      message: expect.stringContaining("mcp.a.API_TOKEN"),
    });
    await services.secrets.set("mcp.a.API_TOKEN", "real-value");
    await services.secrets.set("SHARED", "another-value");
    expect((await services.mcp.approve("a")).status).toBe("ready");
    expect((await services.mcp.cards())[0]!.missingSecrets).toBeUndefined();
    await services.secrets.delete("SHARED");
  });
});

describe("what a server says about its tools", () => {
  const schema = { inputSchema: { type: "object" } };
  const tools = [
    { name: "look", ...schema, annotations: { readOnlyHint: true } },
    { name: "erase", ...schema, annotations: { readOnlyHint: false, destructiveHint: true } },
    { name: "both", ...schema, annotations: { readOnlyHint: true, destructiveHint: true } },
    { name: "plain", ...schema },
  ];
  const approve = async (script: Script = { list: { tools } }) => {
    const card = await add(scripted(script));
    return services.mcp.approve("a", card.seen);
  };

  it("is shown at the server and at each tool, and has no effect before it is accepted", async () => {
    expect((await approve()).hints).toEqual({ readOnly: 1, destructive: 2, accepted: false });
    expect((await services.mcp.tools("a", never)).map((tool) => tool.hints)).toEqual([
      { readOnly: true },
      { destructive: true },
      { destructive: true },
      undefined,
    ]);
    expect(await effects()).toEqual({ look: "outside", erase: "outside", both: "outside", plain: "outside" });
  });

  it("accepted, read-only tools have the effect read; what the operator set wins", async () => {
    await approve();
    const card = await services.mcp.change("a", { acceptHints: true });
    expect(card).toMatchObject({ status: "ready", hints: { accepted: true } });
    expect(await effects()).toEqual({ look: "read", erase: "outside", both: "outside", plain: "outside" });
    await services.mcp.change("a", { effects: { look: "write" } });
    expect(await effects()).toMatchObject({ look: "write" });
    await services.mcp.change("a", { effects: null, acceptHints: false });
    expect(await effects()).toMatchObject({ look: "outside" });
  });

  it("cannot be accepted by who adds it, before the approval, or for a command that is changed later", async () => {
    await add({ ...scripted({ list: { tools } }), acceptHints: true });
    await expect(services.mcp.change("a", { acceptHints: true })).rejects.toThrow("before you accept");
    await services.mcp.approve("a");
    expect(await effects()).toMatchObject({ look: "outside" });
    await services.mcp.change("a", { acceptHints: true });
    const { command, args } = scripted({ list: { tools }, version: "1", stderr: "x" });
    await services.mcp.change("a", { command, args });
    expect((await services.mcp.approve("a")).hints).toMatchObject({ accepted: false });
    expect(await effects()).toMatchObject({ look: "outside" });
    await expect(services.mcp.change("a", { acceptHints: "yes" })).rejects.toMatchObject({ code: "bad_request" });
  });

  it("a hint that changes later waits for a review", async () => {
    await approve();
    await services.mcp.change("a", { acceptHints: true });
    const record = (await services.records.get<{ pin: { tools: { hints: object }[] } }>("mcp-server", "a"))!.body;
    record.pin.tools[0]!.hints = {};
    await services.records.put("mcp-server", "a", record);
    await services.reopen();
    await expect(services.mcp.call("a", "look", {}, { idempotencyKey: "k" }, never)).rejects.toThrow(
      "other hints of tool look",
    );
  });
});
