/** Published servers from npm, over both transports. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, openTestServices, packageFile, type TestServices } from "./testing/test-services.ts";

let services: TestServices;
const never = new AbortController().signal;
const node = process.execPath;
const everything = packageFile("@modelcontextprotocol/server-everything/dist/index.js");

beforeAll(async () => {
  services = await openTestServices({ startMs: 20_000 });
});
afterAll(() => services.close());

async function approved(server: { name: string; [key: string]: unknown }) {
  const [card] = await services.mcp.add(server);
  const ready = await services.mcp.approve(server.name, card!.seen, card!.envNames);
  expect(ready.message).toBeUndefined();
  expect(ready.status).toBe("ready");
  return ready;
}
const call = (server: string, tool: string, args: Record<string, unknown> = {}) =>
  services.mcp.call(server, tool, args, { idempotencyKey: "k" }, never);

describe("over stdio", () => {
  it("server-everything: lists, calls, and its picture is an artifact", async () => {
    const card = await approved({ name: "everything", command: node, args: [everything] });
    expect(card.tools).toBeGreaterThan(8);
    expect((await call("everything", "echo", { message: "你好" })).content).toContain("你好");
    expect((await call("everything", "get-sum", { a: 2, b: 3 })).content).toContain("5");
    const names = (await services.mcp.tools("everything", never)).map((tool) => tool.name);
    const image = names
      .find((name) => name.includes("image"))!
      .split("/")
      .at(-1)!;
    const result = await call("everything", image);
    expect(result.files?.[0]).toMatchObject({ mediaType: "image/png" });
    expect((await services.files.get(result.files![0]!.id)).bytes.subarray(1, 4).toString()).toBe(
      Buffer.from("PNG").toString(),
    );
    const structured = names
      .find((name) => name.includes("structured"))!
      .split("/")
      .at(-1)!;
    expect((await call("everything", structured, { location: "Chicago" })).value).toHaveProperty("temperature");
  });

  it("server-filesystem: works in its folder and not beside it", async () => {
    const folder = join(services.dir, "docs");
    await mkdir(folder);
    await writeFile(join(folder, "a.md"), "# 你好\n");
    await approved({
      name: "files",
      command: node,
      args: [packageFile("@modelcontextprotocol/server-filesystem/dist/index.js"), folder],
    });
    expect((await call("files", "read_text_file", { path: join(folder, "a.md") })).content).toContain("你好");
    expect(await call("files", "read_text_file", { path: "/etc/passwd" })).toMatchObject({ error: true });
    await call("files", "write_file", { path: join(folder, "b.md"), content: "written" });
    expect(await readFile(join(folder, "b.md"), "utf8")).toBe("written");
  });

  it("server-memory: keeps between calls and after a restart, by its env", async () => {
    const file = join(services.dir, "memory.jsonl");
    await approved({
      name: "memory",
      command: node,
      args: [packageFile("@modelcontextprotocol/server-memory/dist/index.js")],
      env: { MEMORY_FILE_PATH: file },
    });
    await call("memory", "create_entities", {
      entities: [{ name: "Ada", entityType: "person", observations: ["likes engines"] }],
    });
    await services.reopen();
    expect((await call("memory", "search_nodes", { query: "engines" })).content).toContain("Ada");
  });
});

describe("over Streamable HTTP", () => {
  let child: ChildProcess;
  let url = "";
  const port = () =>
    new Promise<number>((resolve) => {
      const probe = createServer().listen(0, "127.0.0.1", () => {
        const { port } = probe.address() as { port: number };
        probe.close(() => resolve(port));
      });
    });
  const start = async (at: number) => {
    child = spawn(node, [everything, "streamableHttp"], {
      env: { PATH: process.env.PATH, PORT: String(at) },
      stdio: "ignore",
    });
    await eventually(
      () =>
        fetch(url, { method: "GET" }).then(
          () => true,
          () => false,
        ),
      15_000,
    );
  };
  beforeAll(async () => {
    const at = await port();
    url = `http://127.0.0.1:${at}/mcp`;
    await start(at);
  }, 20_000);
  afterAll(() => {
    child.kill("SIGKILL");
  });

  it("server-everything: the address the admin entered is reached also on loopback; headers are secrets", async () => {
    const card = await approved({ name: "remote", url, headers: { Authorization: "Bearer t0ps3cret" } });
    expect(card).toMatchObject({ transport: "http", url, headerNames: ["Authorization"] });
    expect((await call("remote", "echo", { message: "over http" })).content).toContain("over http");
    expect((await call("remote", "get-sum", { a: 40, b: 2 })).content).toContain("42");
  });

  it("a server that came back without our session gets a new one, once", async () => {
    const before = (await call("remote", "echo", { message: "a" })).content;
    expect(before).toContain("a");
    child.kill("SIGKILL");
    await new Promise((done) => child.once("exit", done));
    await start(Number(new URL(url).port));
    const after = await call("remote", "echo", { message: "b" });
    expect(after.content).toContain("b");
  }, 30_000);
});
