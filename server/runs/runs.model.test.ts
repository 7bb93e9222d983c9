/**
 * Whatever is done to runs in whatever order, they stand as a small model says: begun, streamed, dropped, answered,
 * cancelled, killed with the process and taken up again, over a real log. The tool is outside and counts its calls.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { nodes } from "../../nodes/index.ts";
import { type RunEvent, TERMINAL, type WaitDecision } from "../../runtime/event.ts";
import type { RunStatus } from "../../runtime/fold-run.ts";
import { graphOf } from "../../runtime/testing/play.ts";
import type { ToolResult, ToolSpec } from "../../runtime/tool.ts";
import { totalUsage } from "../../runtime/usage.ts";
import type { EventLog } from "../stores/event-log.ts";
import { openEventLog } from "../stores/sqlite/event-log.ts";
import { createRuns, type RunsOptions, type RunsService } from "./runs.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-model-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec: ToolSpec = {
  name: "http/work",
  summary: "Works",
  parameters: { type: "object", properties: { text: { type: "string" } } },
  effect: "outside",
};
/** A call whose outcome matters, then a question to a person. */
const graph = graphOf({ ask: "input", act: ["action", { tool: spec.name }], gate: "approval", reply: "output" }, [
  "ask.message act.text",
  "act.result gate.value",
  "gate.approved reply.reply",
  "gate.rejected reply.reply",
]);

/* ---- the model ---- */

/** `working`: its tool was called and has not come back. */
type State = "working" | "uncertain" | "waiting" | "done" | "failed" | "cancelled";
interface ModelRun {
  state: State;
  session?: string;
  calls: number;
}
interface Model {
  runs: ModelRun[];
  /** By idempotency id: which run it began, and with what. */
  keys: Map<string, { run: number; body: string }>;
}
const STATUS: Record<State, RunStatus> = {
  working: "running",
  uncertain: "uncertain",
  waiting: "waiting",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
};

/* ---- the real thing ---- */

class Real {
  readonly file: string;
  log!: EventLog;
  runs!: RunsService;
  ids: string[] = [];
  /** What followers were given, by run, over all their breaks. */
  seen = new Map<string, RunEvent[]>();
  readonly #following = new Map<string, { abort: AbortController; reading: Promise<void> }>();
  readonly #calls = new Map<string, number>();
  readonly #pending = new Map<string, PromiseWithResolvers<ToolResult>>();
  #arrived = () => {};

  constructor(file: string) {
    this.file = file;
  }

  async open(): Promise<void> {
    this.log = await openEventLog({ file: this.file });
    this.runs = createRuns({
      nodes,
      agents: {} as RunsOptions["agents"],
      checkContext: async () => ({ tool: () => spec }),
      deps: {
        log: this.log,
        toolbox: {
          specs: async () => [spec],
          call: (_call: unknown, { idempotencyKey }: { idempotencyKey: string }) => this.#work(idempotencyKey),
        },
      } as unknown as RunsOptions["deps"],
    });
  }

  #work(key: string): Promise<ToolResult> {
    const run = key.slice(0, key.indexOf(":"));
    this.#calls.set(run, this.calls(run) + 1);
    const pending = Promise.withResolvers<ToolResult>();
    this.#pending.set(run, pending);
    this.#arrived();
    return pending.promise;
  }

  calls(run: string): number {
    return this.#calls.get(run) ?? 0;
  }

  async called(run: string, times: number): Promise<void> {
    while (this.calls(run) < times)
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
  }

  comeBack(run: string): void {
    this.#pending.get(run)?.resolve({ content: "worked" });
  }

  follow(run: string): void {
    if (this.#following.has(run)) return;
    const abort = new AbortController();
    const seen = this.seen.get(run) ?? [];
    this.seen.set(run, seen);
    const reading = (async () => {
      const after = seen.at(-1)?.seq ?? -1;
      for await (const item of this.runs.follow(run, { after, signal: abort.signal }))
        if (item.type !== "delta") seen.push(item);
    })();
    this.#following.set(run, { abort, reading });
  }

  async drop(run: string): Promise<void> {
    const one = this.#following.get(run);
    this.#following.delete(run);
    one?.abort.abort();
    await one?.reading;
  }

  /** What a crash leaves: nothing is stored any more, whatever the old process still does. */
  async kill(): Promise<void> {
    for (const run of [...this.#following.keys()]) await this.drop(run);
    await this.log.close();
    for (const pending of this.#pending.values()) pending.resolve({ content: "too late" });
    this.#pending.clear();
    await this.runs.stop();
    await this.open();
    for (const run of await this.log.due(Date.now(), 1_000)) await this.runs.work(run);
  }

  async waitOf(run: string): Promise<string> {
    return (await this.runs.get(run)).waits![0]!.wait;
  }
}

async function mustAgree(model: Model, real: Real): Promise<void> {
  for (const [place, { state, calls }] of model.runs.entries()) {
    const id = real.ids[place]!;
    expect((await real.runs.get(id)).status).toBe(STATUS[state]);
    expect((await real.log.row(id))?.status).toBe(STATUS[state]);
    expect(real.calls(id)).toBe(calls);
    const events = await real.log.read(id, -1);
    expect(events.map((event) => event.seq)).toEqual([...events.keys()]);
    const ends = events.filter((event) => TERMINAL.has(event.type));
    expect(ends).toEqual(["done", "failed", "cancelled"].includes(state) ? [events.at(-1)] : []);
    for (const end of ends) {
      expect(end).toMatchObject({ usage: totalUsage(events) });
      expect((await real.log.row(id))?.usage).toEqual(totalUsage(events));
    }
    // A result that is stored was called for once more than it was uncertain.
    expect(events.filter((event) => event.type === "tool-start")).toHaveLength(calls);
    for (const [seq, event] of (real.seen.get(id) ?? []).entries()) expect(event).toEqual(events[seq]);
  }
}

/* ---- what is done ---- */

type Command = fc.AsyncCommand<Model, Real>;

/** Something that is done to one of the runs, picked among those that it can be done to. */
function toRun(
  name: string,
  pick: number,
  fits: (run: ModelRun) => boolean,
  work: (run: ModelRun, id: string, real: Real) => Promise<void>,
): Command {
  return {
    check: ({ runs }) => runs.some(fits),
    async run(model, real) {
      const fitting = model.runs.flatMap((run, place) => (fits(run) ? [place] : []));
      const place = fitting[pick % fitting.length]!;
      await work(model.runs[place]!, real.ids[place]!, real);
      await mustAgree(model, real);
    },
    toString: () => `${name}(${pick})`,
  };
}

const create = (session: string | undefined, key: string | undefined, body: string): Command => ({
  check: () => true,
  async run(model, real) {
    const begin = () =>
      real.runs.start(
        { graph },
        { message: body },
        { ...(session && { session }), ...(key && { idempotency: { id: key, body } }) },
        { eager: true },
      );
    const known = key === undefined ? undefined : model.keys.get(key);
    if (known) {
      if (known.body === body) expect((await begin()).id).toBe(real.ids[known.run]);
      else await expect(begin()).rejects.toMatchObject({ code: "conflict" });
    } else if (session && model.runs.some((run) => run.session === session && run.state === "working"))
      await expect(begin()).rejects.toMatchObject({ code: "conflict" });
    else {
      const { id, accepted } = await begin();
      await accepted;
      await real.called(id, 1);
      real.ids.push(id);
      model.runs.push({ state: "working", calls: 1, ...(session && { session }) });
      if (key) model.keys.set(key, { run: model.runs.length - 1, body });
    }
    await mustAgree(model, real);
  },
  toString: () => `create(${session}, ${key}, ${body})`,
});

const kill: Command = {
  check: () => true,
  async run(model, real) {
    await real.kill();
    // The intent is stored, its outcome is not.
    for (const run of model.runs) if (run.state === "working") run.state = "uncertain";
    await mustAgree(model, real);
  },
  toString: () => "kill",
};

const comeBack = (pick: number) =>
  toRun(
    "comeBack",
    pick,
    (run) => run.state === "working",
    async (run, id, real) => {
      const { signal } = new AbortController();
      real.comeBack(id);
      for await (const _item of real.runs.follow(id, { untilWait: true, signal }));
      run.state = "waiting";
    },
  );

const answer = (pick: number, choice: WaitDecision["choice"]) => {
  const ofState = choice === "approve" || choice === "reject" ? "waiting" : "uncertain";
  return toRun(
    choice,
    pick,
    (run) => run.state === ofState,
    async (run, id, real) => {
      const given = [{ wait: await real.waitOf(id), choice }];
      // Clicked twice: one effect.
      const [one] = await Promise.all([real.runs.answer(id, given), real.runs.answer(id, given)]);
      if (choice === "retry") {
        await real.called(id, ++run.calls);
        run.state = "working";
      } else {
        run.state = ofState === "waiting" ? "done" : "failed";
        expect((await one.done).status).toBe(run.state);
      }
    },
  );
};

const cancel = (pick: number) =>
  toRun(
    "cancel",
    pick,
    () => true,
    async (run, id, real) => {
      if (!["done", "failed"].includes(run.state)) run.state = "cancelled";
      expect((await real.runs.cancel(id)).status).toBe(run.state);
    },
  );

const stream = (pick: number) =>
  toRun(
    "stream",
    pick,
    () => true,
    async (_run, id, real) => real.follow(id),
  );
const drop = (pick: number) =>
  toRun(
    "drop",
    pick,
    () => true,
    async (_run, id, real) => real.drop(id),
  );

test("runs stand as the model says, whatever is done to them", async () => {
  let count = 0;
  const pick = fc.nat(5);
  const commands = fc.commands(
    [
      fc
        .tuple(
          fc.constantFrom(undefined, undefined, "talk"),
          fc.constantFrom(undefined, undefined, "key"),
          fc.constantFrom("a", "b"),
        )
        .map((given) => create(...given)),
      fc.constant(kill),
      pick.map(comeBack),
      fc
        .tuple(pick, fc.constantFrom("approve", "reject", "retry", "skip", "fail"))
        .map(([place, choice]) => answer(place, choice as WaitDecision["choice"])),
      pick.map(cancel),
      pick.map(stream),
      pick.map(drop),
    ],
    { maxCommands: 25, size: "max" },
  );
  await fc.assert(
    fc.asyncProperty(commands, async (list) => {
      const real = new Real(join(folder, `${count++}.db`));
      await real.open();
      const model: Model = { runs: [], keys: new Map() };
      await fc.asyncModelRun(() => ({ model, real }), list);
      // In the end each follower has all there is, whatever it was cut off from.
      for (const id of real.ids) {
        await real.drop(id);
        const last = await real.log.last(id);
        const abort = new AbortController();
        const seen = real.seen.get(id) ?? [];
        if ((seen.at(-1)?.seq ?? -1) < last)
          for await (const item of real.runs.follow(id, { after: seen.at(-1)?.seq ?? -1, signal: abort.signal })) {
            if (item.type !== "delta") seen.push(item);
            if (seen.at(-1)?.seq === last) abort.abort();
          }
        expect(seen).toEqual(await real.log.read(id, -1));
        await real.runs.cancel(id);
      }
      await real.runs.stop();
      await real.log.close();
    }),
    { numRuns: 12 },
  );
}, 60_000);
