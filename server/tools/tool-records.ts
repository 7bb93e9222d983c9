/** The stored tools and the operator's settings of tools. */
import { setImmediate } from "node:timers/promises";
import { PatchbayError } from "../../runtime/error.ts";
import type { Effect } from "../../runtime/tool.ts";
import { createMirror, everyRecord } from "../stores/mirror.ts";
import type { Records } from "../stores/records.ts";
import { StoredTool } from "./stored-tool.ts";

const TOOL = "tool";
const SETTING = "tool-setting";

export interface ToolSetting {
  effect?: Effect;
  repeatable?: boolean;
}

export interface ToolRecords {
  all(): Promise<{ tools: ReadonlyMap<string, StoredTool>; settings: ReadonlyMap<string, ToolSetting> }>;
  /** `create`: rejects with `conflict` where one of that name exists. `replaces`: others under `openapi/<api>/*` go. */
  put(tools: StoredTool[], options?: { create?: boolean; replaces?: string }): Promise<void>;
  configure(name: string, change: ToolSetting): Promise<void>;
  /** By name, or by `openapi/<api>/*`. False when nothing was there. */
  remove(name: string): Promise<boolean>;
}

/** Yields after every few records, each of which is written to disk: an API can have thousands of tools. */
async function pauseAt(index: number): Promise<void> {
  if (index % 10 === 9) await setImmediate();
}

export function createToolRecords(records: Records, now: () => number): ToolRecords {
  const mirror = createMirror(records, "tools", now, async () => {
    const tools = new Map<string, StoredTool>();
    for (const [at, { id, body }] of (await everyRecord<unknown>(records, TOOL)).entries()) {
      await pauseAt(at);
      const parsed = StoredTool.safeParse(body);
      if (parsed.success) tools.set(id, parsed.data); // one written by a newer version is kept and not shown
    }
    const settings = new Map((await everyRecord<ToolSetting>(records, SETTING)).map(({ id, body }) => [id, body]));
    return { tools, settings };
  });

  return {
    all: mirror.current,
    put: async (tools, { create, replaces } = {}) => {
      try {
        for (const [at, tool] of tools.entries()) {
          await pauseAt(at);
          await records.put(TOOL, tool.name, tool, create ? { revision: 0 } : {});
        }
        const kept = new Set(tools.map((tool) => tool.name));
        const prefix = replaces?.slice(0, -1);
        if (prefix)
          for (const [at, name] of [...(await mirror.current()).tools.keys()].entries()) {
            await pauseAt(at);
            if (name.startsWith(prefix) && !kept.has(name)) await records.delete(TOOL, name);
          }
      } catch (thrown) {
        if (thrown instanceof PatchbayError && thrown.code === "conflict")
          throw new PatchbayError(
            "conflict",
            `There is already a tool "${tools[0]!.name}". Choose another name, or change that one.`,
          );
        throw thrown;
      } finally {
        await mirror.changed();
      }
    },
    configure: async (name, change) => {
      const before = (await mirror.current()).settings.get(name) ?? {};
      await records.put(SETTING, name, { ...before, ...change });
      await mirror.changed();
    },
    remove: async (name) => {
      const prefix = name.endsWith("/*") ? name.slice(0, -1) : undefined;
      const names = prefix
        ? [...(await mirror.current()).tools.keys()].filter((each) => each.startsWith(prefix))
        : [name];
      let removed = false;
      for (const [at, each] of names.entries()) {
        await pauseAt(at);
        removed = (await records.delete(TOOL, each)) || removed;
        await records.delete(SETTING, each);
      }
      await mirror.changed();
      return removed;
    },
  };
}
