import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodes } from "../../nodes/index.ts";
import { checkGraph } from "../../runtime/check.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { Document } from "../../runtime/message.ts";
import { buildApp } from "../app.ts";
import type { TemplateNeed } from "../contract/template.ts";
import { openAuth } from "../http/auth.ts";
import { type Opened, openServices } from "../open-services.ts";
import { parseEnv } from "../process/env.ts";
import { type Listening, listen } from "../process/listen.ts";
import { graphIn, readSample, readTemplates, TEMPLATES } from "../templates/template.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-templates-"));
const env = parseEnv({ PATCHBAY_DATA: join(folder, "data"), PATCHBAY_TOKEN: "a-token-for-this-test", PORT: "0" });
mkdirSync(join(folder, "data"));
const documents = join(folder, "documents");
mkdirSync(documents);
writeFileSync(join(documents, "README.md"), "# Heron\n\nHeron counts birds in pictures.\n");
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

async function call<T>(method: string, path: string, body?: unknown, status = 200): Promise<T> {
  const answer = await fetch(server.origin + path, {
    method,
    headers: {
      authorization: "Bearer a-token-for-this-test",
      "content-type": "application/json",
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const value = await answer.json();
  expect(answer.status, JSON.stringify(value)).toBe(status);
  return value as T;
}
interface Used {
  id: string;
  agent: { revision: number; graph: Graph; issues: Issue[] };
  needs: TemplateNeed[];
  tasks: string[];
}
const use = (id: string, choices: object = {}, status = 201) =>
  call<Used>("POST", `/api/templates/${id}/use`, choices, status);
interface Ran {
  status: string;
  output: { reply: string; documents?: Document[] };
  usage: { toolCalls: number };
}
const ask = (agent: string, message: string) => call<Ran>("POST", `/api/agents/${agent}/runs`, { input: { message } });
const errors = (issues: Issue[]) => issues.filter((issue) => issue.severity === "error");

/** The graph and the graphs inside it. */
function withBodies(graph: Graph): Graph[] {
  const bodies = graph.nodes.flatMap(({ config }) => (config as { body?: Graph | null }).body ?? []);
  return [graph, ...bodies.flatMap(withBodies)];
}

/** About how high the canvas draws a node, by type. */
const TALL: Record<string, number> = { llm: 265, input: 180, output: 175, router: 200 };

describe("the files", async () => {
  const templates = await readTemplates();

  test("are listed in the order of the gallery", () => {
    expect(templates.map((template) => template.id)).toEqual([
      "handbook-helper",
      "feedback-sorter",
      "second-look",
      "notes-to-tasks",
      "draft-and-critique",
      "router-desk",
      "file-assistant",
      "modelscope-assistant",
    ]);
    expect(templates.map((template) => template.order)).toEqual(templates.map((_, index) => index + 1));
  });

  test.each(templates.map((template) => [template.id, template] as const))(
    "%s is complete in each language",
    async (_, template) => {
      for (const language of ["en", "zh"] as const) {
        const graph = graphIn(template, language, nodes);
        expect(errors(checkGraph(graph, nodes))).toEqual([]);
        expect(Object.keys(graph.layout).sort()).toEqual(graph.nodes.map((node) => node.id).sort());
        const ids = new Set(withBodies(graph).flatMap((one) => one.nodes.map((node) => node.id)));
        for (const id of [
          ...Object.keys(template[language]?.titles ?? {}),
          ...Object.keys(template[language]?.texts ?? {}),
        ])
          expect([...ids, ...graph.groups.map((group) => group.id)]).toContain(id);
      }
      expect(template.graph.settings.greeting).not.toBe("");
      expect(template.graph.settings.suggestions.length).toBeGreaterThanOrEqual(3);
      expect(template.graph.nodes.some((node) => node.type === "note")).toBe(true);
      for (const { file } of template.samples) expect((await readSample(file)).text.length).toBeGreaterThan(100);
    },
  );

  test("notes cover no node, and every sample file is used", () => {
    for (const { id, graph } of templates) {
      const boxes = graph.nodes.map((node) => {
        const place = graph.layout[node.id]!;
        const note = node.type === "note";
        return {
          id: node.id,
          x: place.x,
          y: place.y,
          right: place.x + (note ? place.width! : 240),
          bottom: place.y + (note ? place.height! : (TALL[node.type] ?? 160)),
        };
      });
      for (const a of boxes)
        for (const b of boxes)
          if (a.id < b.id)
            expect(
              a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom,
              `${id}: ${a.id} and ${b.id}`,
            ).toBe(false);
    }
    const named = templates.flatMap((template) => template.samples.map((sample) => sample.file));
    const there = readdirSync(join(TEMPLATES, "samples"), { recursive: true }).map(String);
    expect(there.filter((name) => name.endsWith(".md")).sort()).toEqual([...new Set(named)].sort());
  });
});

describe("handbook-helper", () => {
  test("answers with its sources at once, in both languages", async () => {
    const { id, agent, needs, tasks } = await use("handbook-helper");
    expect({ needs, tasks, errors: errors(agent.issues) }).toEqual({
      needs: [{ kind: "model", optional: true }],
      tasks: [],
      errors: [],
    });
    const english = await ask(id, "What may a hotel in Paris cost a night?");
    expect(english).toMatchObject({ status: "done" });
    expect(english.output.reply).toMatch(/190/);
    expect(english.output.reply).toMatch(/\[\d\]/);
    expect(english.output.documents![0]).toMatchObject({
      title: expect.stringMatching(/travel-and-expenses|差旅/),
      source: { heading: expect.any(String) },
    });
    const chinese = await ask(id, "病假第几天起需要医生证明？");
    expect(chinese.output.reply).toContain("第四个自然日");
    expect(chinese.output.documents![0]!.title).toBe("休假与工时.md");
  });

  test("reuses its knowledge, and takes another name when the name is in use", async () => {
    const again = await use("handbook-helper", { language: "zh" });
    expect(again.agent.graph.name).toBe("员工手册助手");
    const { knowledge } = await call<{ knowledge: { name: string }[] }>("GET", "/api/knowledge");
    expect(knowledge.map((one) => one.name)).toEqual(["handbook"]);
    await opened.services.knowledge.delete("handbook");
    await opened.services.knowledge.create({ name: "handbook" });
    const other = await use("handbook-helper");
    const facts = other.agent.graph.nodes.find((node) => node.id === "facts")!;
    expect(facts.config).toMatchObject({ knowledge: "handbook-2" });
    expect((await ask(other.id, "How much is a company card's limit?")).output.reply).toContain("3,000");
  });
});

describe("router-desk", () => {
  test.each([
    ["I was charged twice for invoice 2291.", "billing-desk"],
    ["登录时提示错误 E42。", "technical-desk"],
    ["Hello", "ask-back"],
  ])("%s goes to %s alone", async (message, taken) => {
    const { id } = await use("router-desk");
    const run = await call<Ran & { id: string }>("POST", `/api/agents/${id}/runs`, { input: { message } });
    expect(run.status).toBe("done");
    const events = await opened.services.log.read(run.id, -1);
    const skipped = events.filter((event) => event.type === "node-skip").map((event) => event.node);
    expect(skipped).not.toContain(taken);
    expect(skipped).toEqual(
      expect.arrayContaining(["billing-desk", "technical-desk", "ask-back"].filter((node) => node !== taken)),
    );
  });
});

describe("feedback-sorter", () => {
  test("sorts and counts with no model, in both languages", async () => {
    const { id, agent, needs } = await use("feedback-sorter");
    expect({ needs, issues: agent.issues }).toEqual({ needs: [], issues: [] });
    const english = await ask(id, "Search is great\nLogin fails\nI love it\nHow do I export?");
    expect(english.output.reply.split("\n").slice(2)).toEqual([
      "| Praise | 2 | Search is great; I love it |",
      "| Problem | 1 | Login fails |",
      "| Question | 1 | How do I export? |",
    ]);
    const chinese = await use("feedback-sorter", { language: "zh" });
    const table = (await ask(chinese.id, "很好用\n手机上登录不了")).output.reply;
    expect(table).toBe(
      "| 类别 | 数量 | 内容 |\n| --- | --- | --- |\n| 表扬 | 1 | 很好用 |\n| 问题 | 1 | 手机上登录不了 |",
    );
  });
});

describe("second-look", () => {
  test.each([
    ["approve", "It is on its way.", /^It is on its way\.$/],
    ["reject", undefined, /rejected.*\n\n.+/s],
  ])("waits for a person, who may %s", async (choice, value, reply) => {
    const { id } = await use("second-look");
    const run = await call<Ran & { id: string; waits: { wait: string; question: string }[] }>(
      "POST",
      `/api/agents/${id}/runs`,
      { input: { message: "Where is my order?" } },
    );
    expect(run).toMatchObject({ status: "waiting", waits: [{ question: "Send this reply?" }] });
    const answers = [{ wait: run.waits[0]!.wait, choice, ...(value !== undefined && { value }) }];
    const done = await call<Ran>("POST", `/api/runs/${run.id}/answer`, { answers });
    expect(done).toMatchObject({ status: "done", output: { reply: expect.stringMatching(reply) } });
  });
});

describe("notes-to-tasks", () => {
  test("makes one row per task", async () => {
    const { id } = await use("notes-to-tasks", { language: "zh" });
    const { output } = await ask(id, "小李周五前把报价发给客户。小王周一联系供应商。");
    expect(output.reply.split("\n")).toHaveLength(4);
    expect(output.reply).toMatch(/^\| 谁 \| 做什么 \| 什么时候 \|/);
  });
});

describe("draft-and-critique", () => {
  test("writes until the critic accepts, or three times", async () => {
    const { id } = await use("draft-and-critique");
    const run = await call<Ran & { id: string }>("POST", `/api/agents/${id}/runs`, { input: { message: "A haiku" } });
    expect(run.status).toBe("done");
    const events = await opened.services.log.read(run.id, -1);
    const turns = new Set(
      events.flatMap((event) => ("scope" in event ? event.scope : undefined)?.map((one) => one.turn) ?? []),
    );
    expect([...turns]).toEqual([0, 1, 2]);
  });
});

describe("file-assistant", () => {
  test("asks for a folder, then for approval of the exact command, then works in that folder", async () => {
    const first = await use("file-assistant");
    expect(first.needs[0]).toEqual({ kind: "folder", server: "files", optional: false });
    expect(errors(first.agent.issues).length).toBeGreaterThan(0);

    const second = await use("file-assistant", { agent: first.id, folder: documents });
    const need = second.needs[0] as Extract<TemplateNeed, { kind: "approval" }>;
    expect(need).toMatchObject({ kind: "approval", server: "files", card: { status: "needs-approval" } });
    expect(need.card.argv!.at(-1)).toBe(documents);
    expect(need.card.argv!.join(" ")).toContain("server-filesystem");

    await use("file-assistant", { agent: first.id, folder: documents, approve: { files: "something else" } }, 409);
    const third = await use("file-assistant", {
      agent: first.id,
      folder: documents,
      approve: { files: need.card.seen },
    });
    expect(third.id).toBe(first.id);
    expect({ needs: third.needs, errors: errors(third.agent.issues) }).toEqual({
      needs: [{ kind: "model", optional: true }],
      errors: [],
    });
    const answer = await ask(first.id, "Read README.md and tell me what it says.");
    expect(answer.status).toBe("done");
    expect(answer.usage.toolCalls).toBeGreaterThan(0);
    expect(answer.output.reply).toContain("counts birds");
  });

  test("another folder gets another server; the same folder reuses its server", async () => {
    const same = await use("file-assistant", { folder: documents });
    expect(same.needs).toEqual([{ kind: "model", optional: true }]);
    const otherFolder = join(folder, "elsewhere");
    mkdirSync(otherFolder);
    const other = await use("file-assistant", { folder: otherFolder });
    expect(other.needs[0]).toMatchObject({ kind: "approval", server: "files-2" });
    expect(other.agent.graph.nodes.find((node) => node.id === "kit")!.config).toMatchObject({
      tools: ["mcp/files-2/*"],
    });
  });

  test.each([
    ["relative/folder", /absolute/],
    [join(folder, "none"), /does not exist/],
    [join(documents, "README.md"), /is a file/],
    [join(folder, "data"), /own data/],
    [folder, /own data/],
    ["/", /own data/],
  ])("the folder %s is refused with the reason", async (path, why) => {
    const { error } = await call<{ error: { message: string; path: string } }>(
      "POST",
      "/api/templates/file-assistant/use",
      { folder: path },
      400,
    );
    expect(error).toMatchObject({ message: expect.stringMatching(why), path: "/folder" });
  });
});

describe("modelscope-assistant", () => {
  test("imports the paper's tools and replies from tools and knowledge", async () => {
    const { id, agent, needs } = await use("modelscope-assistant");
    expect(errors(agent.issues)).toEqual([]);
    expect(needs.every((need) => need.optional)).toBe(true);
    const sum = await ask(id, "(1280 - 320) * 0.85 等于多少？");
    expect(sum.output.reply).toContain("816");
    const fact = await ask(id, "ModelScope-Agent 的工具检索是怎么做的？");
    expect(fact.output.reply).toMatch(/内积|前三/);
    for (const message of agent.graph.settings.suggestions) expect((await ask(id, message)).status).toBe("done");
  });

  test("a tool that a person changed stays changed", async () => {
    const tool = await opened.services.toolbox.custom("code/RenewInstance");
    await opened.services.toolbox.save({ ...tool, summary: "Mine now" });
    await use("modelscope-assistant");
    expect((await opened.services.toolbox.custom("code/RenewInstance")).summary).toBe("Mine now");
  });
});

describe("over HTTP", () => {
  test("the list has the needs of each, and the error for an unknown one names all", async () => {
    const { templates } = await call<{ templates: { id: string; ready: boolean; samples: { title: string }[] }[] }>(
      "GET",
      "/api/templates",
    );
    expect(templates.find((template) => template.id === "handbook-helper")).toMatchObject({
      ready: true,
      samples: expect.arrayContaining([{ knowledge: "handbook", title: "休假与工时.md" }]),
    });
    expect(templates.find((template) => template.id === "file-assistant")).toMatchObject({ ready: false });
    const { error } = await call<{ error: { message: string } }>("POST", "/api/templates/none/use", {}, 404);
    expect(error.message).toContain("handbook-helper");
    expect(readFileSync(join(TEMPLATES, "agents", "router-desk.json"), "utf8")).toContain("patchbay/1");
  });
});
