/** What the SDK's client does not try (docs/clients/a2a.mjs is the client): waits, cancelling, refusals, other keys. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { approval, graphOf, type TestApp, testApp } from "../../testing/test-app.ts";

let app: TestApp;
let key: string;
let other: string;

beforeAll(async () => {
  app = await testApp();
  await app.publish(approval(), "careful");
  const fields = [{ name: "city", kind: "json", required: true }];
  await app.publish(graphOf({ ask: ["input", { fields }], reply: ["output"] }, ["ask.city reply.reply"]), "traveller");
  ({ key } = await app.key({ agents: ["careful", "traveller"] }));
  ({ key: other } = await app.key({ agents: ["careful"] }));
});
afterAll(() => app.close());

interface Answer {
  result?: { task?: Task } & Task;
  error?: { code: number; message: string };
}
interface Task {
  id: string;
  contextId: string;
  status: { state: string; message?: { parts: { text: string }[] } };
  artifacts?: { parts: object[] }[];
}
interface TaskList {
  tasks: Task[];
  totalSize: number;
  nextPageToken: string;
}
const rpc = (method: string, params: object, options: { agent?: string; token?: string; version?: string } = {}) =>
  app.json<Answer>("POST", `/v1/a2a/${options.agent ?? "careful"}`, {
    token: options.token ?? key,
    headers: { "a2a-version": options.version ?? "1.0" },
    body: { jsonrpc: "2.0", id: 1, method, params },
  });
const message = (parts: object[], more: object = {}) => ({
  message: { messageId: `m-${Math.random()}`, role: "ROLE_USER", parts, ...more },
});

test("a run that waits is a task that needs input; it can be cancelled once, by its key alone", async () => {
  const { result } = await rpc("SendMessage", message([{ text: "hello" }]));
  const task = result!.task!;
  expect(task.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
  expect(task.status.message!.parts[0]!.text).toContain("Send it?");
  expect(JSON.stringify(task)).not.toContain('"node"');
  for (const method of ["GetTask", "CancelTask"])
    expect((await rpc(method, { id: task.id }, { token: other })).error!.code).toBe(-32001);
  expect((await rpc("CancelTask", { id: task.id })).result!.status.state).toBe("TASK_STATE_CANCELED");
  expect((await rpc("CancelTask", { id: task.id })).error!.code).toBe(-32002);
  expect((await rpc("SubscribeToTask", { id: task.id })).error!.code).toBe(-32004);
});

test("declared inputs come in a part of data, and structured answers go out as one", async () => {
  const given = await rpc("SendMessage", message([{ text: "go" }, { data: { city: { name: "Rome" } } }]), {
    agent: "traveller",
  });
  expect(given.result!.task).toMatchObject({
    status: { state: "TASK_STATE_COMPLETED" },
    artifacts: [{ parts: [{ data: { name: "Rome" } }] }],
  });
  const lacks = await rpc("SendMessage", message([{ text: "go" }]), { agent: "traveller" });
  expect(lacks.error!.message).toContain("/input/city");
  const card = await app.json<{ skills: { description: string }[] }>(
    "GET",
    "/v1/a2a/traveller/.well-known/agent-card.json",
    { token: key },
  );
  expect(card.skills[0]!.description).toContain("city");
});

test("tasks are listed newest first, in pages, by context and state, for their own key only", async () => {
  const mine = await app.key({ agents: ["careful"] });
  const list = async (params: object, token = mine.key) =>
    (await rpc("ListTasks", params, { token })) as unknown as { result: TaskList; error?: { message: string } };
  const begin = async (more: object = {}) =>
    (await rpc("SendMessage", message([{ text: "hello" }], more), { token: mine.key })).result!.task!;
  const first = await begin({ contextId: "talk" });
  await rpc("CancelTask", { id: first.id }, { token: mine.key });
  const second = await begin();
  const third = await begin({ contextId: "talk-2" });
  const all = (await list({})).result;
  expect(all).toMatchObject({ totalSize: 3, pageSize: 50, nextPageToken: "" });
  expect(all.tasks.map((task) => task.id).sort()).toEqual([first.id, second.id, third.id].sort());
  expect(all.tasks[0]!.status).toHaveProperty("timestamp");
  expect(JSON.stringify(all)).not.toContain('"node"');

  const pages: string[] = [];
  for (let pageToken = ""; pages.length < 9; ) {
    const { tasks, nextPageToken } = (await list({ pageSize: 2, ...(pageToken && { pageToken }) })).result;
    pages.push(...tasks.map((task) => task.id));
    if (nextPageToken === "") break;
    pageToken = nextPageToken;
  }
  expect(pages).toEqual(all.tasks.map((task) => task.id));
  const ids = async (params: object) => (await list(params)).result.tasks.map((task) => task.id);
  expect(await ids({ contextId: "talk" })).toEqual([first.id]);
  expect(await ids({ status: "TASK_STATE_CANCELED" })).toEqual([first.id]);
  expect(await ids({ statusTimestampAfter: "2999-01-01T00:00:00Z" })).toEqual([]);
  for (const wrong of [
    { pageSize: 0 },
    { pageSize: 101 },
    { pageToken: "nothing" },
    { pageToken: second.id, contextId: "talk" },
  ])
    expect((await list(wrong)).error?.message, JSON.stringify(wrong)).toEqual(expect.any(String));
  expect((await list({}, (await app.key({ agents: ["careful"] })).key)).result.totalSize).toBe(0);
});

test("unsupported methods are refused with errors of the protocol", async () => {
  const text = [{ text: "hello" }];
  expect((await rpc("SendMessage", message([{ url: "http://169.254.169.254/" }]))).error!.code).toBe(-32005);
  expect((await rpc("SendMessage", message([{ raw: "AAAA" }]))).error!.code).toBe(-32005);
  expect((await rpc("SendMessage", message(text, { taskId: "x" }))).error!.code).toBe(-32004);
  expect((await rpc("CreateTaskPushNotificationConfig", { taskId: "x", url: "http://x" })).error!.code).toBe(-32003);
  expect((await rpc("SendMessage", message(text), { version: "0.2" })).error!.code).toBe(-32009);
  expect((await rpc("Nothing", {})).error!.code).toBe(-32601);
});

test("agents of other keys are not found, and bodies have the same limits as elsewhere", async () => {
  const body = { jsonrpc: "2.0", id: 1, method: "SendMessage", params: message([{ text: "x" }]) };
  for (const path of ["/v1/a2a/traveller", "/v1/a2a/nobody"])
    await app.json("POST", path, { token: other, body, status: 404 });
  await app.json("GET", "/v1/a2a/traveller/.well-known/agent-card.json", { token: other, status: 404 });
  await app.json("GET", "/v1/a2a/careful/.well-known/agent-card.json", { token: null, status: 401 });
  await app.json("POST", "/v1/a2a/careful", { token: null, body, status: 401 });
  await app.json("POST", "/v1/a2a/careful", { token: key, body: "{oops", status: 400 });
  await app.json("POST", "/v1/a2a/careful", {
    token: key,
    body: { ...body, pad: "x".repeat(1024 * 1024) },
    status: 413,
  });
});
