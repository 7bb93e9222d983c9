/** Texts that do not parse yet (half a number, broken JSON): kept beside the document until they do, so that no keystroke is lost. */
import { createStore, type StoreApi } from "zustand/vanilla";

export interface TypingStore extends StoreApi<{ texts: ReadonlyMap<string, string> }> {
  /** `undefined` forgets it: what was typed is in the document now. */
  keep(place: string, text: string | undefined): void;
}

export function createTyping(): TypingStore {
  const store = createStore<{ texts: ReadonlyMap<string, string> }>(() => ({ texts: new Map() }));
  return Object.assign(store, {
    keep(place: string, text: string | undefined) {
      const { texts } = store.getState();
      if (texts.get(place) === text) return;
      const next = new Map(texts);
      if (text === undefined) next.delete(place);
      else next.set(place, text);
      store.setState({ texts: next });
    },
  });
}
