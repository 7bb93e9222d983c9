import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { graphOf } from "../../runtime/testing/play.ts";
import { openVisitors } from "../keys/visitors.ts";
import { all, chat, sseOf, type TestApp, testApp } from "../testing/test-app.ts";

describe("a visitor's token", () => {
  let time = 1_000_000;
  const visitors = openVisitors("secret", () => time);
  const desk = { slug: "desk" };

  it("is for one agent and one session, and expires", async () => {
    const visit = await visitors.visit(desk, { mayAnswer: false, admin: false, caller: "a" });
    expect(await visitors.read(`Bearer ${visit.token}`)).toMatchObject({
      agents: ["desk"],
      rights: ["run"],
      session: visit.session,
      id: `visitor-${visit.session}`,
    });
    time = visit.expiresAt;
    await expect(visitors.read(`Bearer ${visit.token}`)).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("cannot be forged or changed", async () => {
    const { token } = await visitors.visit(desk, { mayAnswer: false, admin: false, caller: "a" });
    const [head, body, mac] = token.slice(3).split(".") as [string, string, string];
    const claims = JSON.parse(Buffer.from(body, "base64url").toString());
    const forged = Buffer.from(JSON.stringify({ ...claims, slug: "other" })).toString("base64url");
    const unsigned = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
    for (const bad of [
      `pv_${head}.${forged}.${mac}`,
      `pv_${unsigned}.${body}.`,
      `pv_${unsigned}.${body}.${mac}`,
      `pv_${body}`,
      `pv_${head}.${body}.${mac}.x`,
      "pv_",
      `pv_${head}.${body}.`,
      (await openVisitors("other", () => time).visit(desk, { mayAnswer: false, admin: false, caller: "a" })).token,
    ])
      await expect(visitors.read(`Bearer ${bad}`)).rejects.toMatchObject({ code: "unauthorized" });
    expect(visitors.read("Bearer pb_key")).toBeUndefined();
    expect(visitors.read(undefined)).toBeUndefined();
  });

  it("is renewed for the same session, of the same agent only", async () => {
    const visit = await visitors.visit(desk, { mayAnswer: true, admin: false, caller: "a" });
    time = visit.expiresAt + 1000;
    expect(
      (await visitors.visit(desk, { mayAnswer: true, admin: false, caller: "a", renew: visit.token })).session,
    ).toBe(visit.session);
    expect(
      (await visitors.visit({ slug: "other" }, { mayAnswer: true, admin: false, caller: "a", renew: visit.token }))
        .session,
    ).not.toBe(visit.session);
    time += 31 * 24 * 3_600_000;
    expect(
      (await visitors.visit(desk, { mayAnswer: true, admin: false, caller: "a", renew: visit.token })).session,
    ).not.toBe(visit.session);
  });

  it("a link is identified by its key", () => {
    const shared = { slug: "desk", link: "1" };
    const key = visitors.linkKey(shared);
    expect(visitors.isLinkKey(shared, key)).toBe(true);
    for (const other of [{ slug: "other", link: "1" }, { slug: "desk", link: "2" }, desk])
      expect(visitors.isLinkKey(other, key)).toBe(false);
    expect(visitors.isLinkKey(shared, undefined)).toBe(false);
  });

  it("uploads have a quota by visitor, which others do not use up, and by agent", async () => {
    const key = async (caller: string) => {
      const { token } = await visitors.visit({ slug: "files" }, { mayAnswer: false, admin: false, caller });
      return (await visitors.read(`Bearer ${token}`))!;
    };
    const [first, second] = [await key("u1"), await key("u2")];
    visitors.countUpload(first, 50 * 2 ** 20);
    expect(() => visitors.countUpload(first, 1)).toThrow(/today/);
    visitors.countUpload(second, 1);
    for (let i = 0; i < 19; i++) visitors.countUpload(await key(`n${i}`), 50 * 2 ** 20);
    const last = await key("last");
    expect(() => visitors.countUpload(last, 50 * 2 ** 20)).toThrow(/today/);
    time += 24 * 3_600_000;
    visitors.countUpload(first, 1);
  });

  it("visits are counted by caller, so that one cannot close the page for others", async () => {
    const visit = (caller: string) => visitors.visit(desk, { mayAnswer: false, admin: false, caller });
    for (let i = 0; i < 120; i++) await visit("b");
    await expect(visit("b")).rejects.toMatchObject({ code: "rate_limited", retryAfter: 60 });
    await visit("c");
    time += 60_000;
    await visit("b");
  });
});

describe("the chat page", () => {
  let app: TestApp;
  let linked: string;
  let sounds: Server;
  let speech: string;
  const graph = graphOf(
    { ask: "input", p: ["prompt", { template: "You said {{m}}." }], reply: "output" },
    ["ask.message p.m", "p.text reply.reply"],
    { greeting: "Hello", suggestions: ["Hi"] },
  );
  const publish = (slug: string, access: string) => app.publish(graph, slug, { access });
  beforeAll(async () => {
    sounds = createServer((_request, response) => response.setHeader("content-type", "audio/mpeg").end("sound"));
    await new Promise<void>((resolve) => sounds.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(sounds.address() as AddressInfo).port}`;
    speech = `http://${host}/speech`;
    app = await testApp({ env: { PATCHBAY_ALLOW_HOSTS: host } });
    await publish("open", "public");
    linked = (await publish("linked", "link")).id;
    await publish("closed", "private");
  });
  afterAll(async () => {
    await app.close();
    sounds.close();
  });

  const linkKey = async (slug: string) => app.services.visitors.linkKey((await app.services.agents.publication(slug))!);
  const visit = (slug: string, body: object = {}) => app.request("POST", `/chat/${slug}/visits`, { token: null, body });

  it("opens by the agent's access; a private page is not found", async () => {
    const open = async (path: string) =>
      (await app.request("GET", path, { token: null, headers: { accept: "text/html" } })).status;
    expect(await open("/chat/open")).toBe(200);
    expect(await open("/chat/linked")).toBe(404);
    expect(await open(`/chat/linked?key=${await linkKey("linked")}`)).toBe(200);
    const answers = await Promise.all(["closed", "nowhere"].map(async (slug) => (await visit(slug)).json()));
    expect(answers[0]).toEqual(answers[1]);
    expect((await app.request("GET", "/chat/closed")).status).toBe(200); // The admin's bearer.
  });

  it("takes the visitor's token for the visitor's session and this agent only", async () => {
    const begun = await (await visit("open")).json();
    expect(begun).toMatchObject({ agent: { name: "Test", greeting: "Hello", suggestions: ["Hi"] } });
    const { token, session } = begun as { token: string; session: string };
    const said = await app.json<{ id: string; output: object; session: string }>("POST", "/v1/agents/open/runs", {
      token,
      body: { input: { message: "x" }, session: "somebody-else" },
    });
    expect(said).toMatchObject({ output: { reply: "You said x." }, session });
    expect((await app.json<{ turns: unknown[] }>("GET", `/v1/sessions/${session}`, { token })).turns).toHaveLength(1);

    const other = (await (await visit("open")).json()) as { token: string };
    for (const [method, path, body] of [
      ["GET", `/v1/runs/${said.id}`],
      ["GET", `/v1/sessions/${session}`],
      ["POST", "/v1/agents/linked/runs", { input: { message: "x" } }],
    ] as const)
      expect((await app.request(method, path, { token: other.token, ...(body && { body }) })).status, path).toBe(404);
    for (const path of ["/v1/chat/completions", "/mcp/open"])
      expect((await app.request("POST", path, { token, body: {} })).status, path).toBe(403);
    expect((await app.request("GET", "/api/agents", { token })).status).toBe(401);
  });

  it("shows steps only when the publication allows it, by name only", async () => {
    const { id } = await app.publish(chat({ tools: ["builtin/calculator"] }), "kit", { access: "public" });
    const { token, session } = (await (await visit("kit")).json()) as { token: string; session: string };
    const ask = async () => {
      const answer = await app.request("POST", "/v1/agents/kit/runs", {
        token,
        body: { input: { message: "2 + 3" } },
        headers: { accept: "text/event-stream" },
      });
      return all(sseOf(answer));
    };
    expect(JSON.stringify(await ask())).not.toContain("calculator");
    const shown = await app.json<{ publication: object }>("PATCH", `/api/agents/${id}/publication`, {
      body: { steps: true },
    });
    expect(shown.publication).toMatchObject({ steps: true, access: "public", live: 1 });
    const items = await ask();
    const steps = items.flatMap(({ data }) => ("step" in (data as object) ? [(data as { step: object }).step] : []));
    expect(steps).toEqual([
      { kind: "tool", tool: "calculator", call: expect.any(String), state: "running" },
      { kind: "tool", tool: "calculator", call: expect.any(String), state: "done" },
    ]);
    for (const word of ["argsHash", "expression", "prompt", "openai", app.mock.url])
      expect(JSON.stringify(items)).not.toContain(word);
    const { turns } = await app.json<{ turns: object[] }>("GET", `/v1/sessions/${session}`, { token });
    expect(turns).toMatchObject([{ steps: [{ kind: "tool", tool: "calculator", state: "done" }] }, {}]);
    // A program with a key gets the answer alone, whatever the page shows.
    const { key } = await app.key();
    const response = await app.request("POST", "/v1/agents/kit/runs", {
      token: key,
      body: { input: { message: "2 + 3" } },
      headers: { accept: "text/event-stream" },
    });
    expect(JSON.stringify(await all(sseOf(response)))).not.toContain("calculator");
  });

  it("looks as the owner set it, also after the next version", async () => {
    const graph = chat();
    const { id } = await app.publish(graph, "styled", { access: "public" });
    const shown = async () => ((await (await visit("styled")).json()) as { agent: { look: object } }).agent.look;
    expect(await shown()).toEqual({});
    const look = { title: "Ask Ada", color: "#0a7f4f", logo: "data:image/png;base64,iVBORw0KGgo=" };
    const set = (body: object) => app.request("PATCH", `/api/agents/${id}/publication`, { body });
    expect((await set({ look })).status).toBe(200);
    await app.json("PATCH", `/api/agents/${id}`, { body: { description: "Changed." } });
    const next = await app.json<{ live: number }>("POST", `/api/agents/${id}/publish`, { body: { note: "again" } });
    expect(next.live).toBe(2);
    expect(await shown()).toEqual(look);
    for (const bad of [
      { color: "red" },
      { logo: "https://example.com/logo.png" },
      { logo: `data:image/png;base64,${"A".repeat(180_000)}` },
      { logo: "data:text/html;base64,PGI+" },
      { title: "" },
    ])
      expect((await set({ look: bad })).status, JSON.stringify(bad).slice(0, 60)).toBe(400);
    expect((await set({ look: {} })).status).toBe(200);
    expect(await shown()).toEqual({});
  });

  it("tells a visitor of a public page from the start that the owner decides, without the call", async () => {
    const graph = chat({ tools: ["builtin/calculator"], approve: { "builtin/calculator": "ask" } });
    await app.publish(graph, "asks", { access: "public" });
    const { token, session } = (await (await visit("asks")).json()) as { token: string; session: string };
    const ask = (headers: Record<string, string>) =>
      app.request("POST", "/v1/agents/asks/runs", { token, body: { input: { message: "2 + 3" } }, headers });
    const waits = [{ wait: expect.any(String), kind: "approval", question: "", owner: true }];
    const said = (await (await ask({})).json()) as { id: string };
    expect(said).toMatchObject({ status: "waiting", waits });
    const read = await app.json<object>("GET", `/v1/runs/${said.id}`, { token });
    const { turns } = await app.json<{ turns: object[] }>("GET", `/v1/sessions/${session}`, { token });
    expect(read).toMatchObject({ waits });
    expect(turns).toMatchObject([{ waits }]);
    const stream = await app.request("GET", `/v1/runs/${said.id}/events`, {
      token,
      headers: { accept: "text/event-stream" },
    });
    for await (const item of sseOf(stream)) {
      expect(JSON.stringify(item)).not.toMatch(/calculator|2 \+ 3/);
      if (item.event === "run-wait") break;
    }
    expect(JSON.stringify([said, read])).not.toMatch(/calculator|2 \+ 3/);
  });

  it("serves the files of a reply only to those who may see the reply", async () => {
    await app.json("POST", "/api/tools", {
      body: {
        name: "http/speak",
        summary: "Reads aloud",
        parameters: { type: "object", properties: {}, additionalProperties: false },
        effect: "read",
        http: { method: "GET", url: speech, output: { mediaType: "audio/mpeg" } },
      },
      status: 201,
    });
    const speaker = graphOf({ ask: "input", say: ["action", { tool: "http/speak" }], reply: "output" }, [
      "say.result reply.reply",
    ]);
    await app.publish(speaker, "speaker", { access: "public" });
    const { token, session } = (await (await visit("speaker")).json()) as { token: string; session: string };
    const answer = await app.request("POST", "/v1/agents/speaker/runs", {
      token,
      body: { input: { message: "say it" } },
      headers: { accept: "text/event-stream" },
    });
    const end = (await all(sseOf(answer))).at(-1)!.data as { run: string; files: { id: string; mediaType: string }[] };
    expect(end.files).toMatchObject([{ mediaType: "audio/mpeg" }]);
    const path = `/v1/runs/${end.run}/files/${end.files[0]!.id}`;
    const got = await app.request("GET", path, { token });
    expect([got.headers.get("content-type"), await got.text()]).toEqual(["audio/mpeg", "sound"]);
    expect(await app.json("GET", `/v1/sessions/${session}`, { token })).toMatchObject({
      turns: [{ files: end.files }],
    });
    const stranger = (await (await visit("speaker")).json()) as { token: string };
    expect((await app.request("GET", path, { token: stranger.token })).status).toBe(404);
    expect((await app.request("GET", `/v1/files/${end.files[0]!.id}`, { token })).status).toBe(404);
    expect((await app.request("GET", `/v1/runs/${end.run}/files/none`, { token })).status).toBe(404);
  });

  it("accepts http and https origins only", async () => {
    const { id } = await app.publish(graph, "sited", { access: "public" });
    const set = (origins: string[], status = 200) =>
      app.json<{ publication: { origins: string[] } }>("PATCH", `/api/agents/${id}/publication`, {
        body: { origins },
        status,
      });
    expect((await set(["https://Shop.example/path?x=1", "http://localhost:3000"])).publication.origins).toEqual([
      "https://shop.example",
      "http://localhost:3000",
    ]);
    for (const bad of ["javascript:alert(1)", "shop.example", "https://a.example; script-src *"]) await set([bad], 400);
  });

  it("ends when the agent becomes private", async () => {
    const { token } = (await (await visit("linked", { key: await linkKey("linked") })).json()) as {
      token: string;
    };
    const ask = () => app.request("POST", "/v1/agents/linked/runs", { token, body: { input: { message: "x" } } });
    expect((await ask()).status).toBe(200);
    await app.json("POST", `/api/agents/${linked}/publish`, { body: { slug: "linked", access: "private" } });
    expect((await ask()).status).toBe(401);
  });

  it("has a new link when it is shared anew: the old link and its visits stay closed", async () => {
    const { id } = await app.publish(graph, "shared", { access: "link" });
    const set = async (access: string) => {
      const { urls } = await app.json<{ urls: { chat: string } }>("PATCH", `/api/agents/${id}/publication`, {
        body: { access },
      });
      return new URL(urls.chat).searchParams.get("key")!;
    };
    const old = await set("link");
    expect(await set("link")).toBe(old);
    const { token } = (await (await visit("shared", { key: old })).json()) as { token: string };
    await set("private");
    const fresh = await set("link");
    await app.restart();
    expect((await visit("shared", { key: old })).status).toBe(404);
    expect((await visit("shared", { key: fresh })).status).toBe(201);
    const body = { input: { message: "x" } };
    expect((await app.request("POST", "/v1/agents/shared/runs", { token, body })).status).toBe(401);
  });
});
