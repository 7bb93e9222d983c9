/**
 * `npm run pictures`: recreates the pictures in `docs/images` from the current editor. Uses a real server and a
 * scripted model, so that they differ only in ids and times. Names as arguments recreate only those.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import type { Graph } from "../../runtime/graph.ts";
import type { PatchPart } from "../../runtime/patch.ts";
import { type MockReply, type MockRequest, startMockModel } from "../../server/testing/mock-model.ts";
import { largeGraph } from "./graphs.ts";
import { openSession, type SessionOptions, startServer } from "./harness.ts";

const IMAGES = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const QUALITY = 0.9;
const MODEL = "ollama/qwen3:8b";

const ENGLISH = "How many days of annual leave do I get in my fourth year?";
const CHINESE = "出差住宿的标准是多少？";
const REQUEST = "Ask a person before an answer goes out";
const ANSWERS: Record<string, string> = {
  [ENGLISH]:
    "In your fourth year you get 27 paid days of annual leave: 25 in the first and second year, 27 from the third to the fifth, and 30 after that [1].",
  [CHINESE]:
    "每晚住宿（含早餐）的上限：柏林、维也纳、马德里 140 欧元；伦敦、巴黎、苏黎世 190 欧元；上海、北京、深圳 120 欧元 [1]。",
};
const PROPOSAL: PatchPart[] = [
  {
    do: "add-node",
    id: "gate",
    type: "approval",
    title: "A person reads it",
    config: { question: "May this go out?" },
  },
  { do: "remove-edge", from: "brain.text", to: "reply.reply" },
  { do: "add-edge", from: "brain.text", to: "gate.value" },
  { do: "add-edge", from: "gate.approved", to: "reply.reply" },
];

/** Pending while a reply is held in the middle for its picture. */
let middle: Promise<void> | undefined;
const model = await startMockModel({
  models: ["qwen3:8b"],
  reply: scripted,
  hold: (piece) => (piece === 14 ? middle : undefined),
});
const server = await startServer();
const wanted = process.argv.slice(2);
try {
  await make();
} finally {
  await server.stop();
  await model.close();
}

function scripted(request: MockRequest): MockReply {
  const asked = String(request.messages.findLast((message) => message.role === "user")?.content);
  if (asked.includes(REQUEST))
    return { text: JSON.stringify({ summary: "Answers wait for a person before they go out.", parts: PROPOSAL }) };
  const known = Object.keys(ANSWERS).find((question) => asked.includes(question));
  return { text: known ? ANSWERS[known] : "You find it in the handbook, under travel and expenses [1]." };
}

async function make(): Promise<void> {
  const { id } = await server.call<{ id: string }>("POST", "/api/templates/handbook-helper/use", { language: "en" });
  await picture("first-answer", `/agents/${id}`, async (page) => {
    await ask(page, "What may a hotel in Paris cost a night?");
    await page.getByText("This reply comes from the demo model").first().waitFor();
  });

  await server.call("POST", "/api/models", { id: "ollama", kind: "openai-compatible", baseUrl: model.url });
  await server.call("PATCH", "/api/settings", { defaultModel: MODEL });
  const answered = async (page: Page, question: string) => {
    await ask(page, question);
    await page
      .locator(".react-flow__node[data-id=reply]")
      .getByText(/ms|毫秒/)
      .waitFor();
  };
  await picture("editor", `/agents/${id}`, (page) => answered(page, ENGLISH));
  await picture("editor-dark", `/agents/${id}`, (page) => answered(page, ENGLISH), { theme: "dark" });
  await picture("editor-zh", `/agents/${id}`, (page) => answered(page, CHINESE), { language: "zh" });
  await picture("run-in-progress", `/agents/${id}`, async (page) => {
    let goOn = () => {};
    middle = new Promise((resolve) => {
      goOn = resolve;
    });
    await ask(page, ENGLISH);
    await page.locator(".react-flow__node[data-id=brain]").getByText("fourth year").waitFor();
    return () => {
      middle = undefined;
      goOn();
    };
  });
  await picture("palette", `/agents/${id}`, async (page) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").first().fill("re");
  });
  await picture("build-by-conversation", `/agents/${id}`, async (page) => {
    await page.getByRole("tab", { name: "Build" }).click();
    await page.getByLabel("What should change?").fill(REQUEST);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Apply", exact: true }).waitFor();
  });

  await publish(id, "The first one");
  await change(id, (graph) => {
    const prompt = graph.nodes.find((node) => node.type === "prompt")!;
    prompt.config = { template: `${(prompt.config as { template: string }).template}\nThree sentences at most.` };
    graph.nodes.find((node) => node.type === "retriever")!.config = { knowledge: "handbook", limit: 8 };
  });
  await picture("diff", `/agents/${id}`, async (page) => {
    await page.getByRole("button", { name: "History" }).click();
    await page.getByRole("button", { name: "Compare with draft" }).first().click();
    await page.locator("ins").first().waitFor();
  });
  await picture(
    "chat",
    "/chat/handbook-helper",
    async (page) => {
      await page.getByRole("textbox").first().fill(ENGLISH);
      await page.keyboard.press("Enter");
      await page.getByText("27 paid days").first().waitFor();
      await page
        .getByRole("button", { name: /leave-and-hours/ })
        .first()
        .waitFor();
    },
    { width: 960, height: 720 },
  );

  await use();
  await picture("usage", "/usage", (page) =>
    page.getByText("handbook-helper").or(page.getByText("Handbook helper")).first().waitFor(),
  );

  const { id: large } = await server.call<{ id: string }>("POST", "/api/agents", { graph: largeGraph(500) });
  await picture("500-nodes", `/agents/${large}`, async (page) => {
    await page.keyboard.press("Shift+1");
    await page.waitForTimeout(800);
  });
}

async function ask(page: Page, question: string): Promise<void> {
  await page.getByRole("tab", { name: /^(Chat|对话)$/ }).click();
  await page.getByLabel(/^(Message|消息)$/).fill(question);
  await page.keyboard.press("Enter");
}

async function publish(id: string, note: string): Promise<void> {
  await server.call("POST", `/api/agents/${id}/publish`, { slug: "handbook-helper", access: "public", note });
}

async function change(id: string, edit: (graph: Graph) => void): Promise<void> {
  const { graph, revision } = await server.call<{ graph: Graph; revision: number }>("GET", `/api/agents/${id}`);
  edit(graph);
  await server.call("PUT", `/api/agents/${id}`, { graph }, { "if-match": `"${revision}"` });
}

/** Calls from programs, with two keys. */
async function use(): Promise<void> {
  for (const [name, times] of [
    ["Intranet", 14],
    ["Night batch", 6],
  ] as const) {
    const { key } = await server.call<{ key: string }>("POST", "/api/keys", { name, agents: ["handbook-helper"] });
    for (let n = 0; n < times; n++)
      await server.call(
        "POST",
        "/v1/agents/handbook-helper/runs",
        { input: { message: n % 3 === 0 ? CHINESE : ENGLISH } },
        { authorization: `Bearer ${key}` },
      );
  }
}

/** Opens an address in its own browser, prepares the page, and stores a picture of it. */
async function picture(
  name: string,
  path: string,
  arrive: (page: Page) => Promise<unknown>,
  options: SessionOptions = {},
): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const session = await openSession(server, options);
  try {
    const { page } = session;
    await page.goto(server.origin + path);
    await page.waitForLoadState("networkidle");
    const leave = await arrive(page);
    // Waits for fonts and for the layout to settle.
    await page.waitForTimeout(600);
    const webp = await asWebp(session.context, await page.screenshot());
    if (typeof leave === "function") leave();
    writeFileSync(`${IMAGES}${name}.webp`, webp);
    console.log(`${name}.webp  ${Math.round(webp.length / 1000)} kB`);
  } finally {
    await session.close();
  }
}

/** Converts to WebP in the browser, so that no package is needed. */
async function asWebp(context: { newPage(): Promise<Page> }, png: Buffer): Promise<Buffer> {
  const page = await context.newPage();
  const text = await page.evaluate(
    async ([data, quality]) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
      const canvas = new OffscreenCanvas(image.width, image.height);
      canvas.getContext("2d")!.drawImage(image, 0, 0);
      const blob = await canvas.convertToBlob({ type: "image/webp", quality });
      return new Promise<string>((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
        reader.readAsDataURL(blob);
      });
    },
    [png.toString("base64"), QUALITY] as const,
  );
  await page.close();
  return Buffer.from(text, "base64");
}
