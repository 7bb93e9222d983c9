/**
 * Texts that are not done yet (half a number, broken JSON, a message before it is sent): kept beside the document until
 * they are, so that no keystroke is lost. What is to be said to the agent is kept in this browser, too.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { DraftStorage } from "./save.ts";

export interface UnfinishedTexts extends StoreApi<{ texts: ReadonlyMap<string, string> }> {
  /** `undefined` forgets it: what was typed is in the document now. */
  keep(place: string, text: string | undefined): void;
}

/** Places that begin so are kept on the storage. */
const LASTING = "try/";

export function createUnfinishedTexts(storage?: DraftStorage, key = ""): UnfinishedTexts {
  const store = createStore<{ texts: ReadonlyMap<string, string> }>(() => ({ texts: readTexts(storage, key) }));
  return Object.assign(store, {
    keep(place: string, text: string | undefined) {
      const { texts } = store.getState();
      if (texts.get(place) === text) return;
      const next = new Map(texts);
      if (text === undefined) next.delete(place);
      else next.set(place, text);
      store.setState({ texts: next });
      if (storage && place.startsWith(LASTING)) writeTexts(storage, key, next);
    },
  });
}

function readTexts(storage: DraftStorage | undefined, key: string): Map<string, string> {
  try {
    const kept: unknown = JSON.parse(storage?.getItem(key) ?? "{}");
    return new Map(Object.entries(kept as object).filter(([, text]) => typeof text === "string"));
  } catch {
    // Storage is forbidden, or something else wrote there.
    return new Map();
  }
}

function writeTexts(storage: DraftStorage, key: string, texts: ReadonlyMap<string, string>): void {
  const lasting = [...texts].filter(([place]) => place.startsWith(LASTING));
  try {
    if (lasting.length === 0) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(Object.fromEntries(lasting)));
  } catch {
    // Storage is full or forbidden: the texts then last as long as the page.
  }
}
