import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ToolResult } from "../../runtime/tool.ts";
import { startGroup } from "./process-group.ts";
import {
  eventually,
  lives,
  modernServer,
  openTestServices,
  rough,
  type TestServices,
} from "./testing/test-services.ts";

let services: TestServices;
const never = new AbortController().signal;

beforeAll(async () => {
  services = await openTestServices({ startMs: 60_000 });
});
afterEach(async () => {
  for (const { name } of await services.mcp.cards()) await services.mcp.delete(name);
});
afterAll(() => services.close());

async function approved(server: object, name = "a") {
  const [card] = await services.mcp.add({ name, ...server });
  return services.mcp.approve(name, card!.seen);
}
const call = (tool: string, text = "", signal = never, name = "a"): Promise<ToolResult> =>
  services.mcp.call(name, tool, { text }, { idempotencyKey: "k" }, signal);

describe("approval", () => {
  it("starts nothing before the admin approved exactly this command", async () => {
    const mark = join(services.dir, "started");
    const [card] = await services.mcp.add({
      name: "a",
      command: process.execPath,
      args: ["-e", `require("fs").writeFileSync(${JSON.stringify(mark)}, "x")`],
      env: { TOKEN: "t0ps3cret" },
    });
    expect(card).toMatchObject({
      status: "needs-approval",
      transport: "stdio",
      envNames: ["TOKEN"],
      cwd: join(services.dir, "mcp", "a"),
      tools: 0,
    });
    expect(card!.argv![0]).toBe(process.execPath);
    expect(JSON.stringify(card)).not.toContain("t0ps3cret");
    await expect(call("echo")).rejects.toThrow("has not been approved");
    expect(await services.mcp.tools("a", never)).toEqual([]);
    await services.mcp.change("a", { args: ["-e", "0"] });
    await expect(services.mcp.approve("a", card!.seen)).rejects.toMatchObject({ code: "conflict" });
    expect(existsSync(mark)).toBe(false);
  });

  it("gives the child its own variables, a folder of its own, and none of our variables", async () => {
    process.env.PATCHBAY_LEAK = "leak";
    await approved({ ...rough("ok"), env: { TOKEN: "t0ps3cret" } });
    const seen = JSON.parse((await call("env")).content);
    expect(seen).toMatchObject({ token: "t0ps3cret", cwd: join(services.dir, "mcp", "a") });
    expect(seen.names).not.toContain("PATCHBAY_LEAK");
    expect(seen.names.filter((name: string) => !/^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|TOKEN)$/.test(name))).toEqual([]);
    delete process.env.PATCHBAY_LEAK;
  });

  it("a change of argv, env names or folder asks again; a change of an effect does not", async () => {
    const card = await approved(rough("ok"));
    expect(card.status).toBe("ready");
    expect((await services.mcp.tools("a", never))[0]).toMatchObject({ name: "mcp/a/echo", effect: "outside" });
    expect((await services.mcp.change("a", { effects: { echo: "read" } })).status).toBe("stopped");
    expect((await services.mcp.tools("a", never))[0]).toMatchObject({ effect: "read" });
    expect((await call("echo", "still")).content).toBe("still");
    expect((await services.mcp.change("a", { env: { NEW: "x" } })).status).toBe("needs-approval");
    await expect(call("echo")).rejects.toThrow("has not been approved");
  });

  it("the annotations of a server alone decide no effect", async () => {
    await approved(rough("ok"));
    expect((await services.mcp.tools("a", never)).every((tool) => tool.effect === "outside")).toBe(true);
  });

  it("deleting ends the server and deletes its secrets", async () => {
    await approved({ ...rough("ok"), env: { TOKEN: "t0ps3cret" } });
    const pid = Number((await call("pid")).content);
    expect(await services.mcp.delete("a")).toBe(true);
    expect(lives(pid)).toBe(false);
    expect(await services.secrets.names()).toEqual([]);
    await expect(services.mcp.tools("a", never)).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("faults over stdio", () => {
  it("a missing command and one that ends immediately are reported with their last output and no secret", async () => {
    expect(await approved({ command: "no-such-command-here" })).toMatchObject({
      status: "failed",
      message: expect.stringContaining("was not found"),
    });
    const card = await approved({ ...rough("exit1"), env: { TOKEN: "t0ps3cret" } }, "b");
    expect(card).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/ended with code 1\. It wrote: boom: cannot open \[secret mcp\.b\.TOKEN\]/),
    });
    await expect(call("echo", "", never, "b")).rejects.toMatchObject({ code: "mcp_start_failed" });
  });

  it("a banner on stdout is ignored", async () => {
    await approved(rough("banner"));
    expect((await call("echo", "hi")).content).toBe("hi");
  });

  it("no response to the first request is a timeout that shows what the server wrote instead", async () => {
    await services.reopen({ startMs: 400 });
    const card = await approved(rough("banner-only"));
    expect(card.message).toMatch(
      /did not answer within 400 ms.*lines to stdout that are not messages, the first: Welcome/s,
    );
    await services.reopen({ startMs: 60_000 });
  });

  it("a crash in a call: the outcome is unknown, the next call has a new server, the breaker opens at three", async () => {
    await approved(rough("ok"));
    const before = (await call("pid")).content;
    for (let i = 0; i < 2; i++)
      await expect(call("crash")).rejects.toMatchObject({
        code: "connection_lost",
        message: expect.stringContaining("segmentation fault"),
      });
    expect((await call("pid")).content).not.toBe(before);
    await expect(call("crash")).rejects.toMatchObject({ code: "connection_lost" });
    await expect(call("echo")).rejects.toMatchObject({
      code: "mcp_failed",
      message: expect.stringContaining("3 times within a minute"),
    });
    services.clock.ahead += 61_000;
    expect((await call("echo", "again")).content).toBe("again");
  });

  it("a call that hangs and ignores SIGTERM is a timeout, and its process is gone", async () => {
    await approved(rough("ok"));
    await services.reopen({ callMs: 300 });
    const pid = Number((await call("pid")).content);
    await expect(call("block")).rejects.toMatchObject({ code: "tool_timeout" });
    await eventually(() => !lives(pid));
    expect((await call("echo", "new")).content).toBe("new");
  });

  it("a slow call does not end the other calls of its server", async () => {
    await approved(rough("ok"));
    await services.reopen({ callMs: 400 });
    const pid = (await call("pid")).content;
    let hangs = true;
    const hung = call("hang").finally(() => {
      hangs = false;
    });
    hung.catch(() => undefined);
    while (hangs) expect((await call("echo", "meanwhile")).content).toBe("meanwhile");
    await expect(hung).rejects.toMatchObject({ code: "tool_timeout" });
    expect((await call("pid")).content).toBe(pid);
    await services.reopen({ callMs: 60_000 });
  });

  it("a wrapper's real server ends with it", async () => {
    const note = join(services.dir, "pids");
    await approved(rough("wrapper", note));
    expect((await call("echo", "through")).content).toBe("through");
    const pids = readFileSync(note, "utf8").split(" ").map(Number);
    expect(pids.map(lives)).toEqual([true, true]);
    await services.mcp.delete("a");
    await eventually(() => !pids.some(lives));
  });

  it("broken lines are ignored", async () => {
    await approved(rough("garbage"));
    expect((await call("echo", "fine")).content).toBe("fine");
  });

  it("a line without end is cut at 10 MB and the server ended", async () => {
    await approved(rough("ok"));
    const pid = Number((await call("pid")).content);
    await expect(call("big", "line")).rejects.toMatchObject({ code: "connection_lost" });
    await eventually(() => !lives(pid));
  });

  it("a flood on stderr is drained", async () => {
    await approved(rough("stderr-flood"));
    expect((await call("echo", "dry")).content).toBe("dry");
  });

  it("responses to unknown requests, repeated ones, and ids of another type change nothing", async () => {
    await approved(rough("ids"));
    expect((await call("echo", "1")).content).toBe("1");
    expect((await call("echo", "2")).content).toBe("2");
  });

  it.each(["both", "neither"])("a response with %s of result and error is a protocol error, at once", async (mode) => {
    await approved(rough(mode));
    await expect(call("echo", "x")).rejects.toMatchObject({ code: "mcp_failed" });
  });

  it("an endless list is cut, and the card says so", async () => {
    const card = await approved(rough("many"));
    expect(card.tools).toBe(1000);
    expect(card.rejected?.at(-1)?.reason).toContain("at most 1000");
  });

  it("duplicate names, huge and hidden descriptions, hostile schemas", async () => {
    let hits = 0;
    const { createServer } = await import("node:http");
    const trap = createServer((_, response) => {
      hits++;
      response.end("{}");
    });
    await new Promise<void>((done) => trap.listen(0, "127.0.0.1", done));
    const { port } = trap.address() as { port: number };
    const card = await approved(rough("lists", `http://127.0.0.1:${port}/schema.json`));
    expect(card.rejected).toEqual([
      { tool: "echo", reason: expect.stringContaining("another tool") },
      { tool: "bad name!", reason: expect.stringContaining("characters") },
    ]);
    const tools = new Map((await services.mcp.tools("a", never)).map((tool) => [tool.name, tool]));
    expect(tools.get("mcp/a/long")!.summary.length).toBeLessThan(4100);
    expect(tools.get("mcp/a/hidden")!.summary).toBe("nice\\u{202e}\\u{0}\\u{e0041}tool");
    const notes = (name: string) => tools.get(`mcp/a/${name}`)!.notes?.join();
    expect(notes("remote")).toContain("which is outside of it");
    expect(notes("deep")).toContain("nested very deep");
    expect(notes("missing")).toContain("not there");
    // Arguments for a schema that refers to itself are held to a depth, and patterns run in linear time.
    for (const name of ["local-ref", "recursive", "self-ref", "pattern"]) expect(notes(name), name).toBeUndefined();
    expect(hits).toBe(0);
    trap.close();
  });

  it("a flood of list_changed is read once, and the change waits for a review", async () => {
    await approved(rough("flood"));
    await eventually(async () => (await services.mcp.cards())[0]!.status === "needs-review", 5000);
    const [card] = await services.mcp.cards();
    expect(card!.message).toContain("new tool late");
    expect((await services.mcp.tools("a", never)).some((tool) => tool.name === "mcp/a/late")).toBe(false);
    await expect(call("echo")).rejects.toThrow("changed since it was approved");
    await expect(services.mcp.approve("a", "what was seen before")).rejects.toMatchObject({ code: "conflict" });
    expect((await services.mcp.approve("a", card!.seen)).status).toBe("ready");
    expect((await call("echo", "reviewed")).content).toBe("reviewed");
  });

  it("a new version or changed tools found at a start wait for a review", async () => {
    await approved(rough("ok"));
    await services.mcp.delete("a");
    await services.records.delete("mcp-server", "a");
    const [card] = await services.mcp.add({ name: "a", ...rough("upgraded") });
    await services.mcp.approve("a", card!.seen);
    const record = (await services.records.get<{ pin: { serverInfo: { version: string } } }>("mcp-server", "a"))!.body;
    record.pin.serverInfo.version = "1.0.0";
    await services.records.put("mcp-server", "a", record);
    await services.reopen();
    await expect(call("echo")).rejects.toThrow("rough 1.0.0 is now rough 2.0.0");
  });

  it("strange results: broken media is named, structured values are kept, good media is an artifact", async () => {
    await approved(rough("ok"));
    expect(await call("strange", "bad")).toMatchObject({
      value: { n: 1 },
      content: expect.stringMatching(/^\[part 1 cannot be read: its data \(image\/png\) is not base64\]\na/),
    });
    const result = await call("strange");
    expect(result).toMatchObject({
      value: { n: 1 },
      content: expect.stringContaining("[image/png, 3 bytes, kept as artifact://"),
    });
    expect(result.files).toHaveLength(1);
    expect(Buffer.from((await services.files.get(result.files![0]!.id)).bytes).toString()).toBe("png");
  });

  it("endless progress does not extend the limit in total", async () => {
    await approved(rough("ok"));
    await services.reopen({ callMs: 300, callTotalMs: 600 });
    await expect(call("progress")).rejects.toMatchObject({
      code: "tool_timeout",
      message: expect.stringContaining("600 ms, its limit in total"),
    });
    await services.reopen({ callMs: 60_000 });
  });

  it("requests for sampling, elicitation and roots are refused", async () => {
    await approved(rough("ok"));
    const answers = JSON.parse((await call("asks")).content);
    expect(answers.map((answer: { id: string }) => answer.id)).toEqual(["s1", "s2", "s3"]);
    for (const answer of answers) expect(answer.error.code).toBe(-32601);
  });

  it("both eras work, also with a server that exits on an unknown request; an unknown version is named", async () => {
    await approved({ command: process.execPath, args: [modernServer] });
    expect(await services.mcp.call("a", "add", { a: 2, b: 3 }, { idempotencyKey: "k" }, never)).toEqual({
      content: "5",
      value: { sum: 5 },
    });
    expect((await services.records.get<{ era: string }>("mcp-server", "a"))!.body.era).toBe("modern");
    await approved(rough("exits-on-unknown"), "b");
    expect((await call("echo", "old", never, "b")).content).toBe("old");
    expect((await approved(rough("unknown-version"), "c")).message).toContain("1999-01-01");
  });

  it("fifty calls answered in reverse order each get their own result", async () => {
    await approved(rough("ok"));
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => call("reverse", String(i))));
    expect(all.map((result) => result.content)).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
  });

  it("a server that exits when idle is started again and is not counted as a crash", async () => {
    await approved(rough("ok"));
    for (let i = 0; i < 5; i++) {
      expect((await call("leave")).content).toBe("bye");
      await eventually(async () => (await services.mcp.cards())[0]!.status === "stopped");
    }
    expect((await call("echo", "back")).content).toBe("back");
  });

  it("the next start ends the processes that a killed Patchbay left running, and no others", async () => {
    const ledger = join(services.dir, "mcp", ".groups");
    const left = startGroup({ ...rough("stubborn"), env: { PATH: process.env.PATH! }, cwd: services.dir, ledger });
    const pid = left.child.pid!;
    const note = join(ledger, String(pid));
    const mine = readFileSync(note, "utf8").split(" ");
    await services.reopen();
    expect(lives(pid)).toBe(true); // its owner, this process, still runs
    const { writeFileSync } = await import("node:fs");
    writeFileSync(note, `${mine[0]} ${mine[1]} 999999 1`);
    writeFileSync(join(ledger, "1"), "1 12345 999999 1"); // a pid that another process has now
    await services.reopen();
    await eventually(() => !lives(pid));
    expect(lives(1)).toBe(true);
    expect(readdirSync(ledger)).toEqual([]);
  });

  it("an abort cancels the call and keeps the server", async () => {
    await approved(rough("ok"));
    const pid = (await call("pid")).content;
    const stop = new AbortController();
    const pending = call("hang", "", stop.signal);
    // Requests are read in order: the server has the one that hangs.
    await call("echo");
    stop.abort(new Error("stopped"));
    await expect(pending).rejects.toThrow("stopped");
    expect((await call("pid")).content).toBe(pid);
  });

  it("the error for an unknown tool lists the real ones", async () => {
    await approved(rough("ok"));
    await expect(call("__proto__")).rejects.toMatchObject({
      code: "tool_not_allowed",
      message: expect.stringContaining("echo, env"),
    });
  });

  it("nothing is left behind", async () => {
    await approved(rough("ok"));
    const pid = Number((await call("pid")).content);
    await services.reopen();
    expect(lives(pid)).toBe(false);
    expect(readdirSync(join(services.dir, "mcp", ".groups"))).toEqual([]);
  });
});
