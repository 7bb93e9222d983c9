/**
 * Texts that are not in the document yet (half a number, broken JSON, an unsent message), so that no keystroke is lost.
 * Messages to the agent are also stored in this browser.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { DraftStorage } from "./save.ts";
import { readJson, writeJson } from "./stored-json.ts";

export interface UnfinishedTexts extends StoreApi<{ texts: ReadonlyMap<string, string> }> {
  /** `undefined` removes the text. */
  keep(field: string, text: string | undefined): void;
}

/** The prefix of the fields whose texts are stored. */
const STORED = "try/";

export function createUnfinishedTexts(storage?: DraftStorage, key = ""): UnfinishedTexts {
  const store = createStore<{ texts: ReadonlyMap<string, string> }>(() => ({ texts: readTexts(storage, key) }));
  return Object.assign(store, {
    keep(field: string, text: string | undefined) {
      const { texts } = store.getState();
      if (texts.get(field) === text) return;
      const next = new Map(texts);
      if (text === undefined) next.delete(field);
      else next.set(field, text);
      store.setState({ texts: next });
      if (!storage || !field.startsWith(STORED)) return;
      const stored = [...next].filter(([other]) => other.startsWith(STORED));
      writeJson(() => storage, key, stored.length === 0 ? undefined : Object.fromEntries(stored));
    },
  });
}

function readTexts(storage: DraftStorage | undefined, key: string): Map<string, string> {
  const stored = storage && readJson(() => storage, key);
  return new Map(Object.entries(stored ?? {}).filter(([, text]) => typeof text === "string"));
}
