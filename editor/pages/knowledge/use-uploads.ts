import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api } from "../../api/api.ts";
import { KNOWLEDGE_KEY } from "./use-knowledge.ts";

export interface Uploads {
  total: number;
  done: number;
  refused: { path: string; reason: string }[];
  running: boolean;
}

const NONE: Uploads = { total: 0, done: 0, refused: [], running: false };
/** The maximum number of concurrent uploads. */
const MAX_CONCURRENT = 3;
/** Files that operating systems and tools add to folders. */
const IGNORED_FILES = /(^|\/)(\.|Thumbs\.db$|desktop\.ini$|node_modules\/|__MACOSX\/)/;

/** Uploads files, a few at a time. A rejected file is reported and does not stop the others. */
export function useUploads(name: string, words: (error: unknown) => { title: string; detail: string }) {
  const client = useQueryClient();
  const [uploads, setUploads] = useState<Uploads>(NONE);
  const waiting = useRef<{ file: File; path: string }[]>([]);
  const lanes = useRef(0);
  const stopper = useRef(new AbortController());

  // Leaving the page stops the remaining uploads.
  useEffect(() => () => stopper.current.abort(), []);

  const lane = async () => {
    lanes.current++;
    const { signal } = stopper.current;
    for (let next = waiting.current.shift(); next && !signal.aborted; next = waiting.current.shift()) {
      const { file, path } = next;
      const form = new FormData();
      form.append("files", file, path);
      try {
        await api.knowledge.upload(name, form, signal);
      } catch (error) {
        if (signal.aborted) break;
        const { title, detail } = words(error);
        setUploads((state) => ({ ...state, refused: [...state.refused, { path, reason: detail || title }] }));
      }
      setUploads((state) => ({ ...state, done: state.done + 1 }));
      void client.invalidateQueries({ queryKey: [...KNOWLEDGE_KEY, name, "documents"] });
    }
    lanes.current--;
    if (lanes.current === 0) {
      setUploads((state) => ({ ...state, running: false }));
      void client.invalidateQueries({ queryKey: KNOWLEDGE_KEY });
    }
  };

  return {
    uploads,
    add(files: { file: File; path: string }[]) {
      const wanted = files.filter(({ path }) => !IGNORED_FILES.test(path));
      if (wanted.length === 0) return;
      if (stopper.current.signal.aborted) stopper.current = new AbortController();
      waiting.current.push(...wanted);
      setUploads((state) => ({
        total: (state.running ? state.total : 0) + wanted.length,
        done: state.running ? state.done : 0,
        refused: state.running ? state.refused : [],
        running: true,
      }));
      while (lanes.current < Math.min(MAX_CONCURRENT, waiting.current.length + lanes.current)) {
        if (waiting.current.length === 0) break;
        void lane();
      }
    },
    stop() {
      waiting.current = [];
      stopper.current.abort();
    },
    dismiss() {
      setUploads(NONE);
    },
  };
}
