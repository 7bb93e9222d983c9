import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Graph } from "../../runtime/graph.ts";
import { fileKind, MAX_FILE_BYTES } from "./file-kind.ts";

export type ReadFile = { graph: Graph } | { title: string; detail?: string };

/** Reads the text of a file: its graph, or one calm sentence (and what to do) about why it is none. */
export function useFileTrouble(): (text: string) => ReadFile {
  const { t } = useTranslation("editing");
  return useCallback(
    (text) => {
      if (text === "unread") return { title: t("drop.unread") };
      if (text === "huge" || text.length > MAX_FILE_BYTES) return { title: t("drop.huge"), detail: t("drop.hugeHelp") };
      const kind = fileKind(text);
      switch (kind.is) {
        case "agent":
          return { graph: kind.graph };
        case "foreign":
          return { title: t("drop.foreign", { tool: kind.tool }), detail: t("drop.foreignHelp") };
        case "half":
          return { title: t("drop.half"), detail: t("drop.halfHelp") };
        case "newer":
          return { title: t("drop.newer"), detail: t("drop.newerHelp") };
        case "other-json":
          return { title: t("drop.otherJson"), detail: t("drop.otherJsonHelp") };
        case "not-json":
          return { title: t("drop.notJson"), detail: t("drop.notJsonHelp") };
        case "bad":
          return { title: t("drop.bad"), detail: `${kind.issue.message} ${kind.issue.path ?? ""}`.trim() };
      }
    },
    [t],
  );
}
