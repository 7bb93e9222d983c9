import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Graph } from "../../runtime/graph.ts";
import { fileKind, MAX_FILE_BYTES } from "../graph/file-kind.ts";

export type ReadFile = { graph: Graph; template?: Record<string, unknown> } | { title: string; detail?: string };

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
