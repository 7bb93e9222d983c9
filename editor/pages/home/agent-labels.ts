/** Folders and tags of agents, for the filter of the start page. */
import type { Agent } from "../../../server/contract/agent.ts";

type Labelled = Pick<Agent, "folder" | "tags">;

/** Every folder with the folders above it, in order. */
export function foldersOf(agents: readonly Labelled[]): string[] {
  const found = new Set<string>();
  for (const { folder } of agents)
    folder?.split("/").forEach((_part, index, parts) => {
      found.add(parts.slice(0, index + 1).join("/"));
    });
  return [...found].sort((a, b) => a.localeCompare(b));
}

export function tagsOf(agents: readonly Labelled[]): string[] {
  return [...new Set(agents.flatMap(({ tags = [] }) => tags))].sort((a, b) => a.localeCompare(b));
}

/** Whether an agent is in the folder, or in one below it. */
export function inFolder({ folder }: Labelled, wanted: string): boolean {
  return folder === wanted || folder?.startsWith(`${wanted}/`) === true;
}

/** Tags as a person types them: separated by commas of either language. */
export function readTags(text: string): string[] {
  return [...new Set(text.split(/[,，、\n]/).flatMap((tag) => tag.trim() || []))];
}
