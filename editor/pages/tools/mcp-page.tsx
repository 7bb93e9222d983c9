import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronRight, Globe, Plus, RotateCw, ServerCog, Terminal, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { McpServerCard } from "../../../server/contract/mcp-server.ts";
import { api } from "../../api/api.ts";
import { Page } from "../../shell/page.tsx";
import { ErrorNotice, Loaded, useErrorToast } from "../../shell/query-state.tsx";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog, SidePanel } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { toast } from "../../ui/toast.tsx";
import { EffectBadge } from "./effect-badge.tsx";
import { McpAddPanel } from "./mcp-add-panel.tsx";
import { ApprovalWords, ExactCommand } from "./mcp-approval.tsx";
import { ToolTabs } from "./tools-page.tsx";
import { MCP_KEY, TOOLS_KEY, useMcpServers } from "./use-tools.ts";

const TONE: Record<McpServerCard["status"], Tone> = {
  "needs-approval": "warn",
  "needs-sign-in": "warn",
  "needs-review": "warn",
  stopped: "neutral",
  starting: "accent",
  ready: "ok",
  failed: "bad",
};

export function McpPage() {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const toastError = useErrorToast();
  const servers = useMcpServers();
  const [adding, setAdding] = useState(false);
  const [approving, setApproving] = useState<string>();
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
      {shown && <ApprovePanel server={shown} onClose={() => setApproving(undefined)} />}
      <ConfirmDialog
        open={doomed !== undefined}
        onClose={() => setDoomed(undefined)}
        title={t("mcp.removeTitle", { name: doomed })}
        description={t("mcp.removeLead")}
        confirm={t("common:remove")}
        busy={remove.isPending}
        onConfirm={() => doomed && remove.mutate(doomed)}
      />
    </Page>
  );
}

/** Approving starts the server. The panel stays open until the server is ready, or shows why it failed. */
export function ApprovePanel({ server, onClose }: { server: McpServerCard; onClose(): void }) {
  const { t } = useTranslation("tools");
  const approve = useApprove(onClose);
  return (
    <SidePanel
      onClose={onClose}
      title={t("mcp.approveTitle", { name: server.name })}
      className="w-[min(540px,100vw)]"
      footer={
        <Button variant="solid" busy={approve.isPending} onClick={() => approve.mutate(server)}>
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
    mutationFn: (server: McpServerCard) => api.mcp.approve(server.name, server.seen),
    onSuccess: (server) => {
      if (server.status !== "failed") onReady(server);
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: MCP_KEY });
      void client.invalidateQueries({ queryKey: TOOLS_KEY });
    },
  });
}

function ServerCard({ server, onApprove, onRemove }: { server: McpServerCard; onApprove(): void; onRemove(): void }) {
  const { t } = useTranslation(["tools", "common"]);
  const [open, setOpen] = useState(false);
  const restart = useApprove(() => undefined);
  const waits = server.status === "needs-approval" || server.status === "needs-review";
  const Icon = server.transport === "stdio" ? Terminal : Globe;
  return (
    <article className="rounded-xl border border-line bg-surface">
      <header className="flex flex-wrap items-center gap-3 px-4 py-3">
        <span className="flex size-8 items-center justify-center rounded-md bg-kind-tools/10 text-kind-tools">
          <Icon size={16} aria-hidden />
        </span>
        <div className="min-w-0 flex-1">
          <h2 className="flex items-center gap-2 font-mono font-semibold">
            {server.name}
            <Badge tone={TONE[server.status]} dot pulse={server.status === "starting"} className="font-sans">
              {t(`mcp.status.${server.status}`)}
            </Badge>
          </h2>
          <p className="truncate font-mono text-ink-3 text-sm">
            {server.transport === "stdio" ? server.argv?.join(" ") : server.url}
          </p>
        </div>
        {waits && (
          <Button variant="solid" size="sm" onClick={onApprove}>
            {server.status === "needs-review" ? t("mcp.review") : t("mcp.approve")}
          </Button>
        )}
        {server.status === "needs-sign-in" && <SignIn server={server} />}
        {server.status === "failed" && (
          <Button size="sm" icon={RotateCw} busy={restart.isPending} onClick={() => restart.mutate(server)}>
            {t("mcp.restart")}
          </Button>
        )}
        <IconButton icon={Trash2} label={`${t("common:remove")}: ${server.name}`} danger onClick={onRemove} />
      </header>
      {server.message && !waits && (
        <div className="px-4 pb-3">
          <Notice tone={server.status === "failed" ? "bad" : "info"}>{server.message}</Notice>
        </div>
      )}
      {restart.isError && (
        <div className="px-4 pb-3">
          <ErrorNotice error={restart.error} />
        </div>
      )}
      {(server.tools > 0 || server.rejected?.length) && (
        <div className="border-line border-t">
          <button
            type="button"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            className="flex w-full items-center gap-2 px-4 py-2 text-left text-ink-2 hover:text-ink"
          >
            <ChevronRight
              size={14}
              aria-hidden
              className={open ? "rotate-90 transition-transform" : "transition-transform"}
            />
            {t("mcp.tools", { count: server.tools })}
            {server.rejected?.length ? (
              <Badge tone="warn">{t("mcp.rejected", { count: server.rejected.length })}</Badge>
            ) : null}
          </button>
          {open && <ServerTools server={server} />}
        </div>
      )}
    </article>
  );
}

/** Opens the server's sign-in page in a new tab. The list is reloaded when this tab gets the focus again. */
function SignIn({ server }: { server: McpServerCard }) {
  const { t } = useTranslation("tools");
  const toastError = useErrorToast();
  const begin = useMutation({
    mutationFn: () => api.mcp.signIn(server.name),
    onSuccess: ({ url }) => {
      toast({ title: t("mcp.signInLead") });
      window.open(url, "_blank", "noopener");
    },
    onError: toastError,
  });
  return (
    <Button variant="solid" size="sm" busy={begin.isPending} onClick={() => begin.mutate()}>
      {t("mcp.signIn")}
    </Button>
  );
}

function ServerTools({ server }: { server: McpServerCard }) {
  const tools = useQuery({
    queryKey: [...MCP_KEY, server.name, "tools", server.seen],
    queryFn: ({ signal }) => api.mcp.tools(server.name, signal),
  });
  return (
    <div className="px-4 pb-3">
      <Loaded query={tools} skeleton={<Skeleton className="h-24" />}>
        {(list) => (
          <ul>
            {list.map((tool) => (
              <li
                key={tool.name}
                className="grid grid-cols-[minmax(140px,220px)_1fr_auto] items-center gap-3 border-line border-b py-2 last:border-b-0"
              >
                <span className="truncate font-mono text-sm">{tool.name.split("/").at(-1)}</span>
                <span className="truncate text-ink-2" title={tool.summary}>
                  {tool.summary}
                </span>
                <EffectBadge effect={tool.effect} />
              </li>
            ))}
            {server.rejected?.map((one) => (
              <li key={one.tool} className="flex gap-3 border-line border-b py-2 text-ink-3 last:border-b-0">
                <span className="font-mono text-sm line-through">{one.tool}</span>
                <span>{one.reason}</span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </div>
  );
}
