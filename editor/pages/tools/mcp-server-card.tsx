import { useMutation, useQuery } from "@tanstack/react-query";
import { ChevronRight, Globe, Pencil, RotateCw, Terminal, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { McpServerCard } from "../../../server/contract/mcp-server.ts";
import { api } from "../../api/api.ts";
import { ErrorNotice, Loaded, useErrorToast } from "../../shell/query-state.tsx";
import { UsedBy } from "../../shell/used-by.tsx";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { toast } from "../../ui/toast.tsx";
import { EffectBadge } from "./effect-badge.tsx";
import { useApprove } from "./mcp-approve-panel.tsx";
import { HintBadges, ServerHints } from "./mcp-hints.tsx";
import { MissingSecrets } from "./missing-secrets.tsx";
import { MCP_KEY } from "./use-tools.ts";

const TONE: Record<McpServerCard["status"], Tone> = {
  "needs-approval": "warn",
  "needs-sign-in": "warn",
  "needs-review": "warn",
  stopped: "neutral",
  starting: "accent",
  ready: "ok",
  failed: "bad",
};

/** One server: its state, its tools, and what can be done with it. */
export function ServerCard({
  server,
  onApprove,
  onEdit,
  onRemove,
}: {
  server: McpServerCard;
  onApprove(): void;
  onEdit(): void;
  onRemove(): void;
}) {
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
          <Button size="sm" icon={RotateCw} busy={restart.isPending} onClick={() => restart.mutate({ server })}>
            {t("mcp.restart")}
          </Button>
        )}
        <IconButton icon={Pencil} label={`${t("common:edit")}: ${server.name}`} onClick={onEdit} />
        <IconButton icon={Trash2} label={`${t("common:remove")}: ${server.name}`} danger onClick={onRemove} />
      </header>
      {server.message && !waits && (
        <div className="px-4 pb-3">
          <Notice tone={server.status === "failed" ? "bad" : "info"}>{server.message}</Notice>
        </div>
      )}
      {(server.missingSecrets || (server.hints && !server.hints.accepted && !waits)) && (
        <div className="flex flex-col gap-2 px-4 pb-3">
          <MissingSecrets names={server.missingSecrets} />
          {!waits && <ServerHints server={server} />}
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
          {open && (
            <>
              <ServerTools server={server} />
              <UsedBy kind="mcp-server" name={server.name} className="border-line border-t px-4 py-3" />
            </>
          )}
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
  const { t } = useTranslation("tools");
  const tools = useQuery({
    queryKey: [...MCP_KEY, server.name, "tools", server.seen],
    queryFn: ({ signal }) => api.mcp.tools(server.name, signal),
  });
  return (
    <div className="px-4 pb-3">
      {server.hints?.accepted && <ServerHints server={server} />}
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
                <span className="flex gap-1.5">
                  <HintBadges hints={tool.hints} />
                  <EffectBadge effect={tool.effect} />
                </span>
                {tool.notes && (
                  <span className="col-span-full text-ink-3 text-sm">
                    {t("mcp.notes", { notes: tool.notes.join("; ") })}
                  </span>
                )}
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
