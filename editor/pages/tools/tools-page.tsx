import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus, RefreshCw, Trash2, Wrench } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearch } from "wouter";
import { modelName } from "../../../runtime/model-name.ts";
import { Effect, missingSecrets } from "../../../runtime/tool.ts";
import type { ToolCard } from "../../../server/contract/tool.ts";
import { api } from "../../api/api.ts";
import { number } from "../../i18n/format.ts";
import { inLanguage } from "../../i18n/in-language.ts";
import { Page } from "../../shell/page.tsx";
import { ErrorNotice, Loaded } from "../../shell/query-state.tsx";
import { UsedBy } from "../../shell/used-by.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button, LinkButton } from "../../ui/button.tsx";
import { ConfirmDialog, SidePanel } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { SearchInput } from "../../ui/input.tsx";
import { NoMatch } from "../../ui/no-match.tsx";
import { Select } from "../../ui/select.tsx";
import { ShowMore } from "../../ui/show-more.tsx";
import { NavTabs } from "../../ui/tabs.tsx";
import { toast } from "../../ui/toast.tsx";
import { EffectBadge } from "./effect-badge.tsx";
import { SecretForm } from "./missing-secrets.tsx";
import { ToolAddPanel } from "./tool-add-panel.tsx";
import { ToolPanel } from "./tool-panel.tsx";
import { TOOLS_KEY, useTools } from "./use-tools.ts";

const BINDINGS = ["builtin", "http", "openapi", "mcp", "code", "agent", "model"] as const;
const ANY = "any";
/** The number of tools shown at first and added by "show more". */
const PAGE = 200;

export function ToolTabs({ current }: { current: "library" | "servers" }) {
  const { t } = useTranslation("tools");
  return (
    <NavTabs
      label={t("label")}
      current={current}
      tabs={[
        { id: "library", label: t("library"), href: "/tools" },
        { id: "servers", label: t("servers"), href: "/tools/servers" },
      ]}
    />
  );
}

/** The tool library: all tools that an agent can use. */
export function ToolsPage() {
  const { t } = useTranslation("tools");
  const tools = useTools();
  const [search, setSearch] = useState("");
  const [binding, setBinding] = useState<string>(ANY);
  const [effect, setEffect] = useState<string>(ANY);
  const [limit, setLimit] = useState(PAGE);
  const [open, setOpen] = useState(new URLSearchParams(useSearch()).get("tool") ?? undefined);
  const [adding, setAdding] = useState(false);
  /** The secret that is being set. */
  const [secret, setSecret] = useState<string>();
  const sought = useDeferredValue(search);
  const groups = useMemo(
    () => grouped(filtered(tools.data ?? [], sought, binding, effect), limit),
    [tools.data, sought, binding, effect, limit],
  );
  const shown = tools.data?.find((tool) => tool.name === open);
  const add = (
    <Button variant="solid" icon={Plus} onClick={() => setAdding(true)}>
      {t("import.title")}
    </Button>
  );

  return (
    <Page
      wide
      crumbs={[{ label: t("title") }]}
      title={t("title")}
      lead={t("lead")}
      tabs={<ToolTabs current="library" />}
      actions={add}
    >
      <Loaded query={tools}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              icon={Wrench}
              title={t("empty")}
              actions={
                <>
                  {add}
                  <LinkButton href="/tools/servers">{t("servers")}</LinkButton>
                </>
              }
            >
              {t("emptyLead")}
            </EmptyState>
          ) : (
            <>
              <div className="mb-4 flex flex-wrap gap-2">
                <SearchInput
                  value={search}
                  onChange={setSearch}
                  label={t("search", { count: all.length })}
                  className="min-w-56 flex-1"
                />
                <Select
                  className="w-40"
                  label={t("bindingLabel")}
                  value={binding}
                  onChange={setBinding}
                  options={[
                    { value: ANY, label: t("allBindings") },
                    ...BINDINGS.filter((one) => all.some((tool) => tool.binding === one)).map((one) => ({
                      value: one,
                      label: t(`binding.${one}`),
                    })),
                  ]}
                />
                <Select
                  className="w-36"
                  label={t("effectLabel")}
                  value={effect}
                  onChange={setEffect}
                  options={[
                    { value: ANY, label: t("allEffects") },
                    ...Effect.options.map((one) => ({ value: one, label: t(`effect.${one}`) })),
                  ]}
                />
              </div>
              {groups.total === 0 && (
                <NoMatch
                  query={search || t(`effect.${effect as Effect}`, { defaultValue: "" })}
                  onClear={() => {
                    setSearch("");
                    setBinding(ANY);
                    setEffect(ANY);
                  }}
                />
              )}
              {groups.list.map((group) => (
                <section key={group.key} className="mb-6">
                  <h2 className="mb-1.5 flex items-baseline gap-2 font-semibold text-ink-2 text-sm">
                    {t(`binding.${group.binding}`)}
                    {group.source && <span className="font-mono font-normal text-ink-3">{group.source}</span>}
                    <span className="font-normal text-ink-3 tnum">{number(group.count)}</span>
                    {group.binding === "openapi" && group.source && <ApiActions api={group.source} />}
                  </h2>
                  <ul className="overflow-hidden rounded-xl border border-line bg-surface">
                    {group.tools.map((tool) => (
                      <li key={tool.name} className="border-line border-b last:border-b-0">
                        <ToolRow tool={tool} onOpen={() => setOpen(tool.name)} onSecret={setSecret} />
                      </li>
                    ))}
                  </ul>
                </section>
              ))}
              {groups.total > limit && <ShowMore onMore={() => setLimit(limit + PAGE)} />}
            </>
          )
        }
      </Loaded>
      {shown && <ToolPanel tool={shown} onClose={() => setOpen(undefined)} />}
      {secret !== undefined && (
        <SidePanel onClose={() => setSecret(undefined)} title={t("needsSecret", { name: secret })}>
          <SecretForm name={secret} onStored={() => setSecret(undefined)} />
        </SidePanel>
      )}
      {adding && <ToolAddPanel onClose={() => setAdding(false)} />}
    </Page>
  );
}

function ToolRow({ tool, onOpen, onSecret }: { tool: ToolCard; onOpen(): void; onSecret(name: string): void }) {
  const { t, i18n } = useTranslation("tools");
  const count = Object.keys((tool.parameters.properties as object | undefined) ?? {}).length;
  const secrets = missingSecrets(tool.needs);
  const others = (tool.needs ?? []).filter((need) => !secrets.some((name) => need === `secret ${name}`));
  return (
    <div className="relative grid w-full grid-cols-[minmax(150px,220px)_minmax(0,1fr)_auto] items-center gap-4 px-4 py-2.5 transition-colors hover:bg-hover max-sm:grid-cols-1 max-sm:gap-1">
      {/* The button covers the whole row. */}
      <button
        type="button"
        title={tool.name}
        onClick={onOpen}
        className="min-w-0 truncate text-left font-medium font-mono text-sm outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:outline-accent focus-visible:after:-outline-offset-2"
      >
        {nameInGroup(tool.name)}
      </button>
      <span className="truncate text-ink-2">{inLanguage(tool.summary, i18n.language)}</span>
      <span className="flex items-center gap-3">
        {secrets.map((name) => (
          <Button key={name} size="sm" icon={KeyRound} className="relative" onClick={() => onSecret(name)}>
            {t("needsSecret", { name })}
          </Button>
        ))}
        {others.length > 0 && <Badge tone="warn">{t("needs", { what: others.join(", ") })}</Badge>}
        <span className="w-24 text-right text-ink-3 text-sm tnum max-lg:hidden">
          {count > 0 ? t("arguments", { count }) : t("noArguments")}
        </span>
        <span className="flex w-28 justify-end">
          <EffectBadge effect={tool.effect} />
        </span>
      </span>
    </div>
  );
}

/** What differs within the group: the operation of an API, the tool of a server. */
function nameInGroup(name: string): string {
  const segments = name.split("/");
  return segments.length > 2 ? segments.slice(2).join("/") : modelName(name);
}

/** Actions on all tools of an imported API. */
function ApiActions({ api: name }: { api: string }) {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const [again, setAgain] = useState(false);
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => api.tools.delete(`openapi/${name}/*`),
    onSuccess: () => {
      setAsking(false);
      void client.invalidateQueries({ queryKey: TOOLS_KEY });
      toast({ title: t("deleted", { name }) });
    },
  });
  return (
    <span className="ml-auto flex">
      <IconButton icon={RefreshCw} size="sm" label={t("apiAgain", { name })} onClick={() => setAgain(true)} />
      <IconButton icon={Trash2} size="sm" danger label={t("apiDelete", { name })} onClick={() => setAsking(true)} />
      {again && <ToolAddPanel api={name} onClose={() => setAgain(false)} />}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t("apiDeleteTitle", { name })}
        description={t("deleteLead")}
        confirm={t("common:delete")}
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        <UsedBy kind="tool" name={`openapi/${name}/*`} />
        {remove.isError && <ErrorNotice error={remove.error} />}
      </ConfirmDialog>
    </span>
  );
}

function filtered(tools: ToolCard[], search: string, binding: string, effect: string): ToolCard[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return tools.filter((tool) => {
    if (binding !== ANY && tool.binding !== binding) return false;
    if (effect !== ANY && tool.effect !== effect) return false;
    const text = `${tool.name} ${tool.summary} ${tool.source ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

interface Group {
  key: string;
  binding: ToolCard["binding"];
  source?: string;
  count: number;
  tools: ToolCard[];
}

/** Grouped by kind, then by API or server; only the first `limit` tools. */
function grouped(tools: ToolCard[], limit: number): { list: Group[]; total: number } {
  const groups = new Map<string, Group>();
  for (const tool of tools) {
    const segments = tool.name.split("/");
    const source = segments.length > 2 ? segments[1] : undefined;
    const key = `${BINDINGS.indexOf(tool.binding)} ${source ?? ""}`;
    const group = groups.get(key) ?? { key, binding: tool.binding, source, count: 0, tools: [] };
    group.count++;
    group.tools.push(tool);
    groups.set(key, group);
  }
  let left = limit;
  const list: Group[] = [];
  for (const group of [...groups.values()].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    if (left <= 0) break;
    list.push({ ...group, tools: group.tools.slice(0, left) });
    left -= group.tools.length;
  }
  return { list, total: tools.length };
}
