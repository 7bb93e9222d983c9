import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { McpServerCard } from "../../../server/contract/mcp-server.ts";
import { api } from "../../api/api.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { SidePanel } from "../../ui/dialog.tsx";
import { Notice } from "../../ui/notice.tsx";
import { ApprovalWords, ConfirmVariables, ExactCommand, unknownVariables } from "./mcp-approval.tsx";
import { ServerHints } from "./mcp-hints.tsx";
import { MissingSecrets } from "./missing-secrets.tsx";
import { MCP_KEY, TOOLS_KEY } from "./use-tools.ts";

/** Approving starts the server. The panel stays open until the server is ready, or shows why it failed. */
export function ApprovePanel({ server, onClose }: { server: McpServerCard; onClose(): void }) {
  const { t } = useTranslation("tools");
  const [checked, setChecked] = useState(false);
  const approve = useApprove(onClose);
  const unknown = server.status === "needs-approval" ? unknownVariables(server) : [];
  return (
    <SidePanel
      onClose={onClose}
      title={t("mcp.approveTitle", { name: server.name })}
      className="w-[min(540px,100vw)]"
      footer={
        <Button
          variant="solid"
          busy={approve.isPending}
          disabled={unknown.length > 0 && !checked}
          onClick={() => approve.mutate({ server, confirmEnv: unknown })}
        >
          {approve.isPending
            ? t("mcp.starting")
            : server.transport === "stdio"
              ? t("mcp.approveStart")
              : t("mcp.approve")}
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <ApprovalWords server={server} />
        <ExactCommand server={server} />
        <ConfirmVariables server={server} checked={checked} onChange={setChecked} />
        <MissingSecrets names={server.missingSecrets} />
        <ServerHints server={server} />
        {approve.isError && <ErrorNotice error={approve.error} />}
        {approve.data?.status === "failed" && <Notice tone="bad">{approve.data.message}</Notice>}
      </div>
    </SidePanel>
  );
}

/** Approves exactly what the card shows. `onReady` is called once the server has started. */
export function useApprove(onReady: (server: McpServerCard) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ server, confirmEnv }: { server: McpServerCard; confirmEnv?: string[] }) =>
      api.mcp.approve(server.name, server.seen, confirmEnv),
    onSuccess: (server) => {
      if (server.status !== "failed") onReady(server);
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: MCP_KEY });
      void client.invalidateQueries({ queryKey: TOOLS_KEY });
    },
  });
}
