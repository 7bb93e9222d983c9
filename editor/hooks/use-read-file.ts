import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Graph } from "../../runtime/graph.ts";
import { fileKind, MAX_FILE_BYTES } from "../graph/file-kind.ts";
import { useErrorWords } from "../shell/query-state.tsx";
import { toast } from "../ui/toast.tsx";

export interface FoundGraph {
  graph: Graph;
  /** The whole file, if it is a template. */
  template?: Record<string, unknown>;
}

export type ReadFile = FoundGraph | { title: string; detail?: string };

/** Parses a text as a graph, or returns a message about why it is not one. `source`: where the text comes from. */
export function useTextReader(source: "drop" | "paste"): (text: string) => ReadFile {
  const { t } = useTranslation("editing");
  return useCallback(
    (text) => {
      if (text.length > MAX_FILE_BYTES) return { title: t(`${source}.tooLarge`), detail: t("drop.tooLargeHelp") };
      const kind = fileKind(text);
      switch (kind.is) {
        case "agent":
          return kind;
        case "foreign":
          return { title: t("drop.otherTool", { tool: kind.tool }), detail: t("drop.otherToolHelp") };
        case "half":
          return { title: t(`${source}.incomplete`), detail: t(`${source}.incompleteHelp`) };
        case "newer":
          return { title: t("drop.newer"), detail: t("drop.newerHelp") };
        case "other-json":
          return { title: t("drop.otherJson"), detail: t("drop.otherJsonHelp") };
        case "not-json":
          return { title: t(`${source}.notJson`), detail: t(`${source}.notJsonHelp`) };
        case "bad":
          return { title: t("drop.invalid"), detail: `${kind.issue.message} ${kind.issue.path ?? ""}`.trim() };
      }
    },
    [t, source],
  );
}

/** The same for a file. A file that is too large is not read. Never rejects. */
export function useFileReader(): (file: File) => Promise<ReadFile> {
  const { t } = useTranslation("editing");
  const readText = useTextReader("drop");
  return useCallback(
    async (file) => {
      if (file.size > MAX_FILE_BYTES) return { title: t("drop.tooLarge"), detail: t("drop.tooLargeHelp") };
      try {
        return readText(await file.text());
      } catch {
        return { title: t("drop.readFailed") };
      }
    },
    [t, readText],
  );
}

/** Imports files one by one, and returns the results. A failed file is reported and does not stop the others. */
export function useFileImport<Result>(importOne: (found: FoundGraph) => Promise<Result>) {
  const { t } = useTranslation("editing");
  const words = useErrorWords();
  const read = useFileReader();
  return async (files: File[]): Promise<Result[]> => {
    const results: Result[] = [];
    for (const file of files) {
      const found = await read(file);
      if (!("graph" in found)) {
        toast({ tone: "bad", title: `${file.name}: ${found.title}`, detail: found.detail });
        continue;
      }
      try {
        results.push(await importOne(found));
      } catch (error) {
        toast({ tone: "bad", title: t("drop.importFailed", { file: file.name }), detail: words(error).detail });
      }
    }
    return results;
  };
}
