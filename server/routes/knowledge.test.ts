import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildApp } from "../app.ts";
import type { KnowledgeDocument } from "../contract/knowledge.ts";
import type { Task } from "../contract/task.ts";
import { openAuth } from "../http/auth.ts";
import { type Opened, openServices } from "../open-services.ts";
import { parseEnv } from "../process/env.ts";
import { type Listening, listen } from "../process/listen.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-routes-"));
const env = parseEnv({ PATCHBAY_DATA: folder, PATCHBAY_TOKEN: "a-token-for-this-test", PORT: "0" });
let opened: Opened;
let server: Listening;
beforeAll(async () => {
  opened = await openServices(env);
  await opened.start();
  server = await listen({
    env,
    app: (pages) => buildApp({ services: opened.services, auth: openAuth(env), ...pages }),
  });
});
afterAll(async () => {
  await server.stop(opened);
  rmSync(folder, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: unknown): Promise<Response> {
  const form = body instanceof FormData;
  return await fetch(server.origin + path, {
    method,
    headers: {
      authorization: "Bearer a-token-for-this-test",
      ...(body !== undefined && !form && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: form ? body : JSON.stringify(body) }),
  });
}
async function json<T>(answer: Response, status = 200): Promise<T> {
  const value = await answer.json();
  expect(answer.status, JSON.stringify(value)).toBe(status);
  return value as T;
}
/** Follows the task's stream to its end. */
async function settled(id: string): Promise<Task> {
  const text = await (await call("GET", `/api/tasks/${id}/events`)).text();
  const events = text.split("\n\n").filter((part) => part.includes("event: task"));
  return JSON.parse(events.at(-1)!.replace(/^[\s\S]*?data: /, "")) as Task;
}
const form = (...files: [string, string | Uint8Array<ArrayBuffer>][]) => {
  const data = new FormData();
  for (const [name, content] of files) data.append("files", new File([content], name));
  return data;
};
type Added = {
  documents: (KnowledgeDocument & { task: string })[];
  refused: { title: string; error: { code: string } }[];
};

describe("knowledge over HTTP", () => {
  test("is created, searched for a cited passage, and deleted", async () => {
    expect(await json(await call("POST", "/api/knowledge", { name: "handbook" }), 201)).toMatchObject({
      name: "handbook",
      documents: 0,
    });
    await json(await call("POST", "/api/knowledge", { name: "handbook" }), 409);
    const added = await json<Added>(
      await call(
        "POST",
        "/api/knowledge/handbook/documents",
        form(
          ["leave.md", "# Leave\n\n## Annual leave\nFifteen days."],
          ["photo.png", new Uint8Array([137, 80])],
          ["报销.md", "# 报销\n住宿每晚六百元。"],
        ),
      ),
      202,
    );
    expect(added.refused).toMatchObject([{ title: "photo.png", error: { code: "unsupported_media_type" } }]);
    for (const { task } of added.documents) expect(await settled(task)).toMatchObject({ status: "done" });

    const { hits } = await json<{ hits: unknown[] }>(
      await call("GET", "/api/knowledge/handbook/search?q=annual%20leave&limit=1"),
    );
    expect(hits).toMatchObject([
      {
        document: added.documents[0]!.id,
        title: "leave.md",
        text: "Fifteen days.",
        ranks: { text: 1 },
        source: { heading: "Leave > Annual leave", line: 4 },
      },
    ]);
    const chinese = await json<{ hits: { title: string }[] }>(
      await call("GET", `/api/knowledge/handbook/search?q=${encodeURIComponent("住宿标准")}`),
    );
    expect(chinese.hits[0]!.title).toBe("报销.md");

    const listed = await json<{ documents: KnowledgeDocument[] }>(
      await call("GET", "/api/knowledge/handbook/documents?limit=1"),
    );
    expect(listed.documents).toHaveLength(1);
    const one = await json<KnowledgeDocument & { text: string }>(
      await call("GET", `/api/knowledge/handbook/documents/${added.documents[0]!.id}`),
    );
    expect(one).toMatchObject({ status: "ready", chunks: 1, text: expect.stringContaining("Fifteen") });
    expect((await call("DELETE", `/api/knowledge/handbook/documents/${one.id}`)).status).toBe(204);
    expect((await call("DELETE", `/api/knowledge/handbook/documents/${one.id}`)).status).toBe(404);
    expect((await call("DELETE", "/api/knowledge/handbook")).status).toBe(204);
    await json(await call("GET", "/api/knowledge/handbook"), 404);
    await json(await call("GET", "/api/knowledge/handbook/search?q=x"), 422);
  });

  test("an exported knowledge is imported under another name with all that it holds", async () => {
    await json(await call("POST", "/api/knowledge", { name: "first" }), 201);
    const text = await json<Added>(
      await call("POST", "/api/knowledge/first/documents", { title: "zebra.md", text: "# Zebra\nStripes." }),
      202,
    );
    const gbk = await json<Added>(
      await call(
        "POST",
        "/api/knowledge/first/documents",
        form(["年假.txt", new Uint8Array([0xc4, 0xea, 0xbc, 0xd9])]),
      ),
      202,
    );
    for (const { task } of [...text.documents, ...gbk.documents]) await settled(task);
    const exported = await (await call("GET", "/api/knowledge/first/export")).text();
    expect(exported.split("\n")[0]).toBe('{"format":"patchbay-knowledge/1","name":"first"}');
    const data = form(["first.knowledge.jsonl", exported]);
    data.append("name", "second");
    const imported = await json<{ name: string; documents: number; tasks: string[] }>(
      await call("POST", "/api/knowledge/import", data),
      202,
    );
    expect(imported).toMatchObject({ name: "second", documents: 2 });
    for (const task of imported.tasks) await settled(task);
    for (const [q, title] of [
      ["stripes", "zebra.md"],
      ["年假", "年假.txt"],
    ] as const) {
      const { hits } = await json<{ hits: { title: string }[] }>(
        await call("GET", `/api/knowledge/second/search?q=${encodeURIComponent(q)}`),
      );
      expect(hits[0]?.title).toBe(title);
    }
    await json(await call("POST", "/api/knowledge/import", form(["x.jsonl", "{}"])), 400);
  });

  test("odd names, ids and queries are refused or not found, never an error of ours", async () => {
    await json(await call("POST", "/api/knowledge", { name: "odd" }), 201);
    const odd = ["%00", "%ED%A0%80", "%E0%A4", "%2e%2e%2f", "a".repeat(300), "%F0%9F%98%80", "__proto__", "'%22;--"];
    const paths = odd.flatMap((part) => [
      `/api/knowledge/${part}`,
      `/api/knowledge/${part}/search?q=a`,
      `/api/knowledge/${part}/documents`,
      `/api/knowledge/${part}/export`,
      `/api/knowledge/odd/documents/${part}`,
      `/api/knowledge/odd/documents?after=${part}`,
      `/api/knowledge/odd/search?q=${part}`,
      `/api/knowledge/odd/search?q=a&limit=${part}&minScore=${part}`,
    ]);
    for (const path of paths) expect((await call("GET", path)).status, path).toBeLessThan(500);
    for (const body of [[], null, 1, { url: "http://%" }, { title: "\ud800", text: "" }])
      expect((await call("POST", "/api/knowledge/odd/documents", body)).status, JSON.stringify(body)).toBe(400);
    const broken = await fetch(`${server.origin}/api/knowledge/odd/documents`, {
      method: "POST",
      headers: { authorization: "Bearer a-token-for-this-test", "content-type": "application/json" },
      body: "{",
    });
    expect(broken.status).toBe(400);
    const { documents } = await json<Added>(
      await call("POST", "/api/knowledge/odd/documents", { title: "lone \ud800 half.md", text: "words" }),
      202,
    );
    expect(documents[0]!.title).toBe("lone \ufffd half.md");
    expect((await settled(documents[0]!.task)).status).toBe("done");
    expect((await call("DELETE", "/api/knowledge/odd")).status).toBe(204);
  });

  test("invalid input is refused with its path", async () => {
    const bad = async (method: string, path: string, body: unknown, status: number, text: RegExp) => {
      const { error } = await json<{ error: { message: string } }>(await call(method, path, body), status);
      expect(error.message).toMatch(text);
    };
    await bad("POST", "/api/knowledge", { name: "a/b" }, 400, /letters, digits/);
    await bad("POST", "/api/knowledge", { name: "a", embeder: "x" }, 400, /embeder/);
    await bad("POST", "/api/knowledge/first/documents", { title: "x" }, 400, /\{ text, title \}/);
    await bad("POST", "/api/knowledge/first/documents", { url: "file:///etc/passwd" }, 400, /url/);
    await bad("POST", "/api/knowledge/first/documents", { url: "http://127.0.0.1:9/x" }, 422, /./);
    await bad("POST", "/api/knowledge/first/documents", new FormData(), 400, /no file/);
    await bad("POST", "/api/knowledge/none/documents", { title: "x", text: "y" }, 422, /no knowledge "none"/);
    await bad("GET", "/api/knowledge/first/search?q=x&mode=magic", undefined, 400, /mode/);
    await bad("GET", "/api/knowledge/first/search?q=x&mode=vector", undefined, 422, /no embedder/);
  });
});

describe("tasks over HTTP", () => {
  test("a task is listed, followed and cancelled", async () => {
    const { task } = await json<{ task: string }>(await call("POST", "/api/knowledge/first/reindex", {}), 202);
    expect(await settled(task)).toMatchObject({ kind: "knowledge-reindex", status: "done", result: { documents: 2 } });
    expect((await json<{ tasks: Task[] }>(await call("GET", "/api/tasks?limit=1"))).tasks[0]!.id).toBe(task);
    expect(await json(await call("POST", `/api/tasks/${task}/cancel`))).toMatchObject({ status: "done" });
    await json(await call("GET", "/api/tasks/none"), 404);
    await json(await call("GET", "/api/tasks/none/events"), 404);
  });
});

describe("files over HTTP", () => {
  test("an upload is returned so that no browser runs it", async () => {
    const page = await json<{ id: string }>(
      await call("POST", "/api/files", form(["页面.html", "<script>alert(1)</script>"])),
      201,
    );
    expect(page).toMatchObject({ name: "页面.html", bytes: 25 });
    const answer = await call("GET", `/api/files/${page.id}`);
    expect(answer.headers.get("content-type")).toBe("application/octet-stream");
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment; filename\*=UTF-8''%E9/);
    expect(answer.headers.get("content-security-policy")).toContain("sandbox");
    expect(await answer.text()).toContain("alert");
    expect((await call("DELETE", `/api/files/${page.id}`)).status).toBe(204);
    await json(await call("GET", `/api/files/${page.id}`), 404);
    await json(await call("POST", "/api/files", form(["a", "1"], ["b", "2"])), 400);
  });
});
