/** Which conversation with a draft this browser continues. Its turns are read from the server. */
import type { PartHow } from "../graph/partial-run.ts";
import type { DraftStorage } from "./save.ts";
import { readJson, writeJson } from "./stored-json.ts";

export interface RunPart {
  how: PartHow;
  node: string;
}

export interface KeptConversation {
  session: string;
  /** Runs of parts of the graph. They do not belong to the session. */
  parts: ({ run: string } & RunPart)[];
}

export interface ConversationStorage {
  read(): KeptConversation | undefined;
  /** `undefined` removes it. */
  write(kept: KeptConversation | undefined): void;
}

export function conversationStorage(storage: DraftStorage, agent: string): ConversationStorage {
  const key = `patchbay.conversation.${agent}`;
  return {
    read() {
      const kept = readJson(() => storage, key) as Partial<KeptConversation> | null | undefined;
      if (typeof kept?.session !== "string") return undefined;
      return { session: kept.session, parts: Array.isArray(kept.parts) ? kept.parts : [] };
    },
    write: (kept) => writeJson(() => storage, key, kept),
  };
}
