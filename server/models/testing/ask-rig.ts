/** A provider whose server plays faults, asked through the models service. */
import type { ChatRequest, ModelEvent } from "../../../runtime/model.ts";
import type { NewProvider } from "../../contract/model.ts";
import { sqliteRecords } from "../../stores/sqlite/records.ts";
import { createModels } from "../models.ts";
import { type Fault, startFaultServer } from "./fault-server.ts";

export type Body = { messages: Record<string, unknown>[]; [key: string]: unknown };

export const someMessage = (test: (message: Record<string, unknown>) => boolean) => (body: Record<string, never>) =>
  (body as unknown as Body).messages.some(test);

/** Models `mine/m` and `mine/n`. The caller ends it with `close`. */
export async function askRig(faults: Fault[], more: Partial<NewProvider> = {}) {
  const server = await startFaultServer(...faults);
  let now = 1_000;
  const models = createModels({
    records: await sqliteRecords(":memory:"),
    secrets: { get: async () => "", redact: (text) => text },
    env: {},
    retry: { sleep: async () => {} },
    now: () => now,
  });
  const close = async () => {
    await models.close();
    await server.close();
  };
  await models.save({ id: "mine", kind: "openai-compatible", baseUrl: server.url, models: ["m", "n"], ...more });
  const ask = async (request: Partial<ChatRequest> = {}) => {
    const given: ChatRequest = {
      model: "mine/m",
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: "hi" },
      ],
      ...request,
    };
    const events: ModelEvent[] = [];
    for await (const event of models.chat(given, AbortSignal.timeout(10_000))) events.push(event);
    const end = events.at(-1) as Extract<ModelEvent, { type: "end" }>;
    return { text: events.map((event) => (event.type === "text-delta" ? event.text : "")).join(""), end, events };
  };
  const bodies = (): Body[] => server.requests.map((request) => JSON.parse(request.body) as Body);
  const later = (ms: number) => {
    now += ms;
  };
  return { server, models, ask, bodies, later, close };
}
