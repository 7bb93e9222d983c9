import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { McpServerCard, ToolHints } from "../../../server/contract/mcp-server.ts";
import { api } from "../../api/api.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { MCP_KEY, TOOLS_KEY } from "./use-tools.ts";

/** What a server says about its tools and, once it is approved, the button that accepts it. Nothing when it says nothing. */
export function ServerHints({ server }: { server: McpServerCard }) {
  const { t } = useTranslation("tools");
  const client = useQueryClient();
  const accept = useMutation({
    mutationFn: (acceptHints: boolean) => api.mcp.change(server.name, { acceptHints }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: MCP_KEY });
      void client.invalidateQueries({ queryKey: TOOLS_KEY });
    },
  });
  if (!server.hints) return null;
  const { readOnly, destructive, accepted } = server.hints;
  const isApproved = server.status !== "needs-approval" && server.status !== "needs-review";
  return (
    <Notice
      title={t("mcp.hints", { name: server.name })}
      actions={
        isApproved &&
        readOnly > 0 && (
          <Button size="sm" busy={accept.isPending} onClick={() => accept.mutate(!accepted)}>
            {accepted ? t("mcp.hintsTakeBack") : t("mcp.hintsAccept")}
          </Button>
        )
      }
    >
      <p>
        {[
          readOnly > 0 && t("mcp.hintsReadOnly", { count: readOnly }),
          destructive > 0 && t("mcp.hintsDestructive", { count: destructive }),
        ]
          .filter(Boolean)
          .join(" ")}{" "}
        {accepted ? t("mcp.hintsAccepted") : t("mcp.hintsLead")}
      </p>
      {accept.isError && <ErrorNotice error={accept.error} className="mt-2" />}
    </Notice>
  );
}

/** The server's own words about one tool. */
export function HintBadges({ hints }: { hints?: ToolHints }) {
  const { t } = useTranslation("tools");
  if (hints?.destructive)
    return (
      <Badge tone="bad" title={t("mcp.hintHelp")}>
        {t("mcp.hint.destructive")}
      </Badge>
    );
  if (hints?.readOnly)
    return (
      <Badge tone="neutral" title={t("mcp.hintHelp")}>
        {t("mcp.hint.readOnly")}
      </Badge>
    );
  return null;
}
