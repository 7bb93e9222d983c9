/** Folder and tags of agents. They belong to this server, not to the agent file, and change no revision. */
import { AgentLabels } from "../contract/agent.ts";
import { createMirror, everyRecord } from "../stores/mirror.ts";
import type { Records } from "../stores/records.ts";

const LABELS = "agent-labels";

export interface Labels {
  /** By agent; those without a folder and tags are absent. Kept in memory. */
  all(): Promise<ReadonlyMap<string, AgentLabels>>;
  /** Replaces what is given. An empty folder, or no tags, removes them. */
  set(agent: string, change: AgentLabels): Promise<AgentLabels>;
  delete(agent: string): Promise<void>;
}

export function createLabels(records: Records, now: () => number = Date.now): Labels {
  const mirror = createMirror(records, "agent-labels", now, async () => {
    const found = new Map<string, AgentLabels>();
    for (const { id, body } of await everyRecord<unknown>(records, LABELS)) {
      const parsed = AgentLabels.safeParse(body);
      if (parsed.success) found.set(id, parsed.data);
    }
    return found;
  });
  return {
    all: mirror.current,
    set: async (agent, change) => {
      const before = (await records.get<AgentLabels>(LABELS, agent))?.body ?? {};
      const { folder = "", tags = [] } = { ...before, ...change };
      const labels: AgentLabels = { ...(folder !== "" && { folder }), ...(tags.length > 0 && { tags }) };
      if (Object.keys(labels).length === 0) await records.delete(LABELS, agent);
      // The agent is the parent, so that a backup keeps them together.
      else await records.put(LABELS, agent, labels, { parent: agent });
      await mirror.changed();
      return labels;
    },
    delete: async (agent) => {
      if (await records.delete(LABELS, agent)) await mirror.changed();
    },
  };
}
