import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus, ServerCog } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearch } from "wouter";
import type { McpServerCard } from "../../../server/contract/mcp-server.ts";
import { api } from "../../api/api.ts";
import { Page } from "../../shell/page.tsx";
import { Loaded, useErrorToast } from "../../shell/query-state.tsx";
import { UsedBy } from "../../shell/used-by.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { toast } from "../../ui/toast.tsx";
import { McpAddPanel, McpEditPanel } from "./mcp-add-panel.tsx";
import { ApprovePanel } from "./mcp-approve-panel.tsx";
import { ServerCard } from "./mcp-server-card.tsx";
import { ToolTabs } from "./tools-page.tsx";
import { MCP_KEY, TOOLS_KEY, useMcpServers } from "./use-tools.ts";

export function McpPage() {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const toastError = useErrorToast();
  const servers = useMcpServers();
  /** `?approve=NAME` opens the approval of a server that was added on another page. */
  const search = useSearch();
  const [adding, setAdding] = useState(false);
  const [approving, setApproving] = useState(() => new URLSearchParams(search).get("approve") ?? undefined);
  const [editing, setEditing] = useState<McpServerCard>();
  const [doomed, setDoomed] = useState<string>();
  const remove = useMutation({
    mutationFn: (name: string) => api.mcp.delete(name),
    onSuccess: (_, name) => toast({ title: t("mcp.removed", { name }) }),
    onError: toastError,
    onSettled: () => {
      setDoomed(undefined);
      void client.invalidateQueries({ queryKey: MCP_KEY });
      void client.invalidateQueries({ queryKey: TOOLS_KEY });
    },
  });
  const shown = servers.data?.find((server) => server.name === approving);
  const add = (
    <Button variant="solid" icon={Plus} onClick={() => setAdding(true)}>
      {t("mcp.add")}
    </Button>
  );

  return (
    <Page
      crumbs={[{ label: t("title"), href: "/tools" }, { label: t("servers") }]}
      title={t("servers")}
      lead={t("mcp.lead")}
      tabs={<ToolTabs current="servers" />}
      actions={add}
    >
      <Loaded query={servers}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={ServerCog} title={t("mcp.empty")} actions={add}>
              {t("mcp.emptyLead")}
            </EmptyState>
          ) : (
            <ul className="flex flex-col gap-3">
              {list.map((server) => (
                <li key={server.name}>
                  <ServerCard
                    server={server}
                    onApprove={() => setApproving(server.name)}
                    onEdit={() => setEditing(server)}
                    onRemove={() => setDoomed(server.name)}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {adding && (
        <McpAddPanel
          onClose={() => setAdding(false)}
          onAdded={(added) => {
            setAdding(false);
            toast({ title: t("mcp.added", { count: added.length }) });
            setApproving(added[0]?.name);
          }}
        />
      )}
      {editing && (
        <McpEditPanel
          server={editing}
          onClose={() => setEditing(undefined)}
          onSaved={(saved) => {
            setEditing(undefined);
            toast({ title: t("mcp.changed", { name: saved.name }) });
            if (saved.status === "needs-approval") setApproving(saved.name);
          }}
        />
      )}
      {shown && <ApprovePanel server={shown} onClose={() => setApproving(undefined)} />}
      <ConfirmDialog
        open={doomed !== undefined}
        onClose={() => setDoomed(undefined)}
        title={t("mcp.removeTitle", { name: doomed })}
        description={t("mcp.removeLead")}
        confirm={t("common:remove")}
        busy={remove.isPending}
        onConfirm={() => doomed && remove.mutate(doomed)}
      >
        {doomed && <UsedBy kind="mcp-server" name={doomed} />}
      </ConfirmDialog>
    </Page>
  );
}
