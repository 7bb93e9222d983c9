/** Faults of storage and of clients. Faults of PostgreSQL are in stores/postgres, kills at crash points in bench/crash. */
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ServerProcess } from "../bench/crash/process.ts";
import type { RunEvent } from "../runtime/event.ts";
import { buildApp } from "./app.ts";
import { openAuth } from "./http/auth.ts";
import { sseTexts } from "./http/sse.ts";
import { openServices } from "./open-services.ts";
import { parseEnv } from "./process/env.ts";
import { listen } from "./process/listen.ts";
import { end, start, writer } from "./stores/contracts/event-log.contract.ts";
import { openEventLog } from "./stores/sqlite/event-log.ts";
import { sqliteRecords } from "./stores/sqlite/records.ts";
import { freePort } from "./testing/free-port.ts";
import { type Served, serve } from "./testing/served.ts";
import { approval, chat, echo, type TestApp, testApp } from "./testing/test-app.ts";

vi.setConfig({ testTimeout: 30_000 });

const folder = mkdtempSync(join(tmpdir(), "patchbay-faults-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const TOKEN = "a-token-for-this-test-only";

describe("storage", () => {
  test("the disk fills at the N-th write, for each N: the event is refused, stored events stay readable, and the run ends after space is freed", async () => {
    let refused = 0;
    for (let pages = 20; pages <= 44; pages += 2) {
      const file = join(folder, `full-${pages}.db`);
      const log = await openEventLog({ file, maxPages: pages });
      const write = writer(log, "r");
      let stored = 0;
      try {
        await write(start(), { urgent: true });
        stored = 1;
        for (; stored < 24; stored++)
          await write({ type: "node-end", node: "n", outputs: { text: "x".repeat(4_000) } }, { urgent: true });
      } catch (error) {
        expect(error).toMatchObject({ code: "storage_full" });
        refused++;
      }
      expect(await log.read("r", -1)).toHaveLength(stored);
      await log.close();
      // With free space the run ends normally.
      const again = await openEventLog({ file });
      if (stored > 0) await again.append({ run: "r", seq: stored, at: 1, ...end } as RunEvent, { urgent: true });
      await again.close();
      const db = new Database(file, { readonly: true });
      expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
      db.close();
    }
    expect(refused).toBeGreaterThan(3);
  });

  test("a short lock of another writer is waited for; a long one is reported as unavailable, and no event is lost", async () => {
    const file = join(folder, "busy.db");
    const log = await openEventLog({ file, busyMs: 2_000 });
    const write = writer(log, "r");
    await write(start(), { urgent: true });
    const other = new Database(file);
    other.exec("BEGIN IMMEDIATE");
    const waiting = write({ type: "node-skip", node: "a" }, { urgent: true });
    setTimeout(() => other.exec("COMMIT"), 300);
    await waiting;
    other.exec("BEGIN IMMEDIATE");
    await expect(write({ type: "node-skip", node: "b" }, { urgent: true })).rejects.toMatchObject({
      code: "unavailable",
    });
    other.exec("COMMIT");
    other.close();
    expect(await log.recover("r")).toBe(1);
    await log.append({ run: "r", seq: 2, at: 1, ...end } as RunEvent, { urgent: true });
    expect((await log.read("r", -1)).map((event) => event.seq)).toEqual([0, 1, 2]);
    await log.close();
  });

  test("an invalid data folder stops the start with one line that names it", async () => {
    writeFileSync(join(folder, "a-file"), "");
    const env = parseEnv({ PATCHBAY_DATA: join(folder, "a-file", "data") });
    await expect(openServices(env)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/^[^\n]*a-file[^\n]*$/),
    });
  });

  test("a damaged page stops the start; the file is not changed", async () => {
    const file = join(folder, "damaged.db");
    const records = await sqliteRecords(file);
    for (let i = 0; i < 200; i++) await records.put("note", `n${i}`, { text: "x".repeat(500) });
    await records.close();
    const handle = openSync(file, "r+");
    writeSync(handle, Buffer.alloc(4096, 0xa5), 0, 4096, 4096 * 12);
    const before = readFileSync(file);
    await expect(sqliteRecords(file)).rejects.toThrow(/damaged\.db: the file is damaged.*restore it from a backup/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  describe("with a server that dies", () => {
    const servers: ServerProcess[] = [];
    afterEach(async () => {
      for (const server of servers.splice(0)) await server.kill();
    });
    const server = async (name: string) => {
      const one = new ServerProcess(name, await freePort(), {
        PATCHBAY_DATA: join(folder, name),
        PATCHBAY_TOKEN: TOKEN,
      });
      servers.push(one);
      return one;
    };
    const call = (server: ServerProcess, method: string, path: string, body?: unknown) =>
      fetch(server.origin + path, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });

    test("an interrupted migration is applied once at the next start", async () => {
      const one = await server("migrates");
      mkdirSync(join(folder, "migrates"), { recursive: true });
      await one.start("mid-migration#1");
      await one.ended;
      expect(one.isAlive).toBe(false);
      await one.start();
      expect((await call(one, "GET", "/api/agents")).status).toBe(200);
    });

    test("interrupted indexing is repeated, and the document is ready once", async () => {
      const one = await server("indexes");
      await one.start("mid-index#1");
      expect((await call(one, "POST", "/api/knowledge", { name: "book" })).ok).toBe(true);
      const text = "# Giraffes\n\nA giraffe sleeps standing.";
      await call(one, "POST", "/api/knowledge/book/documents", { title: "a.md", text });
      await one.ended;
      await one.start();
      const hits = async () => {
        const answer = await call(one, "GET", "/api/knowledge/book/search?q=giraffe");
        return answer.ok ? ((await answer.json()) as { hits: unknown[] }).hits.length : 0;
      };
      await expect.poll(hits, { timeout: 15_000 }).toBe(1);
    });

    test("an upload that is cut off, or killed before its rename, creates no file", async () => {
      const one = await server("uploads");
      await one.start("mid-upload#1");
      const head = [
        "POST /api/files HTTP/1.1",
        `Host: ${new URL(one.origin).host}`,
        `Authorization: Bearer ${TOKEN}`,
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 100000",
        "",
        '--x\r\nContent-Disposition: form-data; name="file"; filename="half.txt"\r\nContent-Type: text/plain\r\n',
      ].join("\r\n");
      const socket = connect(Number(new URL(one.origin).port), "127.0.0.1");
      await new Promise<void>((resolve) => socket.write(`${head}\r\n${"x".repeat(50_000)}`, () => resolve()));
      socket.destroy();
      const form = new FormData();
      form.append("file", new File(["y".repeat(1000)], "whole.txt", { type: "text/plain" }));
      const sent = fetch(`${one.origin}/api/files`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}` },
        body: form,
      });
      await expect(sent).rejects.toThrow();
      await one.ended;
      const records = await sqliteRecords(join(folder, "uploads", "records.db"));
      expect(await records.list("file")).toEqual([]);
      await records.close();
      await one.start();
      const again = await fetch(`${one.origin}/api/files`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}` },
        body: form,
      });
      expect(again.ok).toBe(true);
    });
  });

  test("the cost of a page of a long log depends on its length, not on its position", async () => {
    const log = await openEventLog({ file: join(folder, "long.db") });
    const write = writer(log, "long");
    write(start());
    for (let i = 1; i < 30_000; i++) {
      const stored = write({ type: "node-skip", node: "n" }, { urgent: i % 50 === 0 });
      if (i % 50 === 0) await stored;
    }
    await write(end, { urgent: true });
    const best = async (after: number) => {
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 30; i++) {
        const at = performance.now();
        expect(await log.read("long", after, 100)).toHaveLength(100);
        least = Math.min(least, performance.now() - at);
      }
      return least;
    };
    // Ten times the time, for a busy machine; reading all earlier events would take a hundred times.
    expect(await best(29_900)).toBeLessThan(Math.max(2, 10 * (await best(-1))));
    await log.close();
  });

  test("a copy made during writes is a valid prefix of every run", async () => {
    const log = await openEventLog({ file: join(folder, "live.db") });
    let stop = false;
    const busy = Array.from({ length: 4 }, async (_, i) => {
      const write = writer(log, `run-${i}`);
      await write(start(), { urgent: true });
      while (!stop) await write({ type: "node-skip", node: "n" }, { urgent: true });
      await write(end, { urgent: true });
    });
    await expect.poll(() => log.last("run-0")).toBeGreaterThan(5);
    const source = new Database(join(folder, "live.db"), { readonly: true });
    await source.backup(join(folder, "copy.db"));
    source.close();
    stop = true;
    await Promise.all(busy);
    const copy = await openEventLog({ file: join(folder, "copy.db") });
    for (let i = 0; i < 4; i++) {
      const events = await copy.read(`run-${i}`, -1, 100_000);
      expect(events).toEqual((await log.read(`run-${i}`, -1, 100_000)).slice(0, events.length));
    }
    // The run continues from there.
    const last = Number(await copy.last("run-0"));
    await copy.append({ run: "run-0", seq: last + 1, at: 1, ...end } as RunEvent, { urgent: true });
    await copy.close();
    await log.close();
  });
});

describe("data that runs use is deleted", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ mock: { delayMs: 300 } });
  });
  afterAll(() => app.close());

  test("a run whose agent and key are deleted ends, and both are gone", async () => {
    const { id } = await app.publish(chat(), "leaving");
    const key = await app.key();
    const running = app.request("POST", "/v1/agents/leaving/runs", {
      token: key.key,
      body: { input: { message: "x" } },
    });
    await expect.poll(() => app.mock.counts.chat).toBeGreaterThan(0);
    await app.json("DELETE", `/api/agents/${id}`, { status: 204 });
    expect((await (await running).json()) as object).toMatchObject({ status: "done" });
    await app.json("DELETE", `/api/keys/${key.id}`, { status: 204 });
    expect((await app.request("POST", "/v1/agents/leaving/runs", { token: key.key, body: {} })).status).toBe(401);
    for (const kind of ["agent", "publication", "agent-version", "agent-revision", "key"])
      expect(await app.services.records.list(kind)).toEqual([]);
  });

  test("a clock that jumps a day ends no run and no wait without a limit", async () => {
    const { id, waits } = await app.json<{ id: string; waits: { wait: string }[] }>("POST", "/api/runs", {
      body: { graph: approval(), input: { message: "x" } },
    });
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      for (const days of [1, -1]) {
        vi.setSystemTime(new Date(2026, 5, 15 + days));
        expect(await app.json("POST", "/api/runs", { body: { graph: chat(), input: { message: "x" } } })).toMatchObject(
          { status: "done" },
        );
      }
      const answered = await app.json("POST", `/api/runs/${id}/answer`, {
        body: { wait: waits[0]!.wait, choice: "approve" },
      });
      expect(answered).toMatchObject({ status: "done" });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("clients", () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve();
  });
  afterAll(() => served.close());

  test("a stalled reader blocks nothing, uses no memory, and is disconnected; it can resume later", async () => {
    let made = 0;
    let stopped = 0;
    async function* texts() {
      while (true) {
        made++;
        yield `id: ${made}\nevent: x\ndata: ${"x".repeat(1000)}\n\n`;
      }
    }
    const answer = sseTexts(texts(), { stop: () => void stopped++, failed: () => "", heartbeatMs: 20 });
    const reader = answer.body!.getReader();
    await reader.read();
    await expect.poll(() => stopped).toBe(1);
    // Only the messages that the reader took were produced, and two that may be buffered.
    expect(made).toBeLessThanOrEqual(4);
    await expect(
      (async () => {
        for (;;) await reader.read();
      })(),
    ).rejects.toThrow(/stopped reading/);
  });

  test("an idle stream sends heartbeats", async () => {
    const gone = Promise.withResolvers<void>();
    async function* nothing(): AsyncGenerator<string> {
      await gone.promise;
      yield "";
    }
    const answer = sseTexts(nothing(), { stop: gone.resolve, failed: () => "", heartbeatMs: 20 });
    const reader = answer.body!.getReader();
    for (let i = 0; i < 3; i++) expect(new TextDecoder().decode((await reader.read()).value)).toBe(": \n\n");
    await reader.cancel();
  });

  test("endless headers are refused, and a client that sends them slowly is disconnected", async () => {
    const env = parseEnv({ PATCHBAY_DATA: folder, PATCHBAY_TOKEN: TOKEN, PORT: "0" });
    const { origin, server } = await listen({
      env,
      app: (pages) => buildApp({ services: { ...served.services, env }, auth: openAuth(env), ...pages }),
    });
    expect(server.headersTimeout).toBeLessThanOrEqual(15_000);
    const { port } = new URL(origin);
    const answerTo = (text: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(port), "127.0.0.1");
        let got = "";
        socket.on("data", (chunk) => {
          got += chunk;
        });
        socket.on("close", () => resolve(got));
        socket.on("error", () => resolve(got));
        socket.write(text);
      });
    expect(
      await answerTo(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Long: ${"a".repeat(100_000)}\r\n\r\n`),
    ).toMatch(/^HTTP\/1\.1 431/);
    // Checked every 5 s: with a limit of 15 s, a slower client is disconnected within 20 s.
    server.headersTimeout = 500;
    expect(await answerTo(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Slow: `)).toMatch(/^HTTP\/1\.1 408/);
    server.close();
  });

  test("a stream that is cut at each event, also by a kill, can be read completely in pieces", async () => {
    const { id } = await served.admin<{ id: string }>("POST", "/api/runs", { graph: echo, input: { message: "x" } });
    const whole = (await served.admin<{ events: RunEvent[] }>("GET", `/api/runs/${id}/events`)).events;
    for (let after = -1; after < whole.length; after++) {
      const answer = await fetch(`${served.origin}/api/runs/${id}/events`, {
        headers: {
          authorization: `Bearer ${TOKEN}`,
          accept: "text/event-stream",
          ...(after >= 0 && { "last-event-id": String(after) }),
        },
      });
      expect([...(await answer.text()).matchAll(/^id: (\d+)/gm)].map((match) => Number(match[1]))).toEqual(
        whole.slice(after + 1).map((event) => event.seq),
      );
    }
  });
});
