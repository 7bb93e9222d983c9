import { ChevronRight, Pin } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { shortToolName } from "../../runtime/preview.ts";
import type { Approval } from "../../runtime/tool.ts";
import { matchesTool } from "../../runtime/tool.ts";
import { useCatalogue } from "../hooks/use-workbench.ts";
import { inLanguage } from "../i18n/in-language.ts";
import type { ToolEntry } from "../session/catalogue.ts";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { SearchInput } from "../ui/input.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Checkbox } from "../ui/switch.tsx";
import { type FieldProps, listOf, recordOf } from "./field-props.ts";
import { useToolOverflow } from "./use-tool-overflow.ts";

/** The limit of `nodes/tool.ts`. */
const MAX_PINNED = 64;

/**
 * The tools that the model may call, whether a call needs approval, and which tools are always included if the model
 * cannot see all of them. Grouped by source.
 */
export function ToolsField({ node, value, set, setKey, config, disabled }: FieldProps) {
  const { t, i18n } = useTranslation("fields");
  const tools = useCatalogue((state) => state.tools);
  const chosen = listOf<string>(value);
  const approve = recordOf(config.approve) as Record<string, Approval>;
  const pinned = listOf<string>(config.pinned);
  const room = useToolOverflow(node);
  const [query, setQuery] = useState("");
  const groups = useMemo(() => grouped(tools, chosen, query), [tools, chosen, query]);
  const says = (tool: ToolEntry): Approval => {
    const server = `${tool.name.slice(0, tool.name.lastIndexOf("/"))}/*`;
    return approve[tool.name] ?? approve[server] ?? (tool.effect === "read" ? "auto" : "ask");
  };
  const toggle = (name: string, on: boolean) => set(on ? [...chosen, name] : chosen.filter((one) => one !== name));
  const pin = (name: string) =>
    setKey("pinned", pinned.includes(name) ? pinned.filter((one) => one !== name) : [...pinned, name]);
  const setApproval = (name: string, next: Approval) => setKey("approve", { ...approve, [name]: next });

  if (tools.length === 0 && chosen.length === 0)
    return (
      <p className="text-ink-3">
        {t("noTools")}{" "}
        <Link href="/tools" className="text-accent hover:underline">
          {t("openTools")}
        </Link>
      </p>
    );
  return (
    <div className="flex flex-col gap-2">
      {tools.length > 8 && <SearchInput value={query} onChange={setQuery} label={t("searchTools")} />}
      {room && <p className="text-ink-3 text-sm">{t("toolLimit", { offered: room.offered, limit: room.limit })}</p>}
      <div className="flex flex-col divide-y divide-line rounded-md border border-line">
        {groups.map(({ source, pattern, items }) => {
          const whole = pattern !== undefined && chosen.includes(pattern);
          const count = items.filter((tool) => chosen.some((one) => matchesTool(one, tool.name))).length;
          return (
            <Fold
              key={source}
              label={source}
              count={`${count}/${items.length}`}
              open={count > 0 || groups.length === 1}
              searching={query.trim() !== ""}
            >
              {pattern !== undefined && items.length > 1 && (
                <Checkbox
                  className="px-2.5 py-1.5"
                  checked={whole}
                  disabled={disabled}
                  onChange={(on) => toggle(pattern, on)}
                >
                  <span className="text-ink-2">{t("wholeServer")}</span>
                </Checkbox>
              )}
              {items.map((tool) => {
                const on = chosen.some((one) => matchesTool(one, tool.name));
                return (
                  <div key={tool.name} className="flex flex-col gap-1 px-2.5 py-1.5">
                    <Checkbox
                      checked={on}
                      disabled={disabled || (whole && !chosen.includes(tool.name))}
                      onChange={(next) => toggle(tool.name, next)}
                    >
                      <span className="block font-mono text-sm" title={tool.name}>
                        {nameInGroup(tool.name)}
                      </span>
                      <span className="line-clamp-2 text-ink-3 text-xs">{inLanguage(tool.summary, i18n.language)}</span>
                    </Checkbox>
                    {on && (
                      <div className="ml-6 flex items-center gap-1.5">
                        <Segmented
                          size="sm"
                          label={t("approval", { tool: tool.name })}
                          value={says(tool)}
                          onChange={(next) => setApproval(tool.name, next)}
                          options={[
                            { value: "auto", label: t("approvals.auto"), title: t("approvals.autoHelp") },
                            { value: "ask", label: t("approvals.ask"), title: t("approvals.askHelp") },
                            { value: "off", label: t("approvals.off"), title: t("approvals.offHelp") },
                          ]}
                        />
                        {(room || pinned.includes(tool.name)) && (
                          <IconButton
                            icon={Pin}
                            size="sm"
                            label={t("pin", { tool: shortToolName(tool.name) })}
                            pressed={pinned.includes(tool.name)}
                            disabled={disabled || (pinned.length >= MAX_PINNED && !pinned.includes(tool.name))}
                            onClick={() => pin(tool.name)}
                          />
                        )}
                      </div>
                    )}
                  </div>
                );
              })}
            </Fold>
          );
        })}
        {groups.length === 0 && (
          <p className="px-3 py-4 text-center text-ink-3">{t("noMatch", { ns: "common", query })}</p>
        )}
      </div>
      <Link href="/tools" className="self-start rounded-sm text-accent text-sm hover:underline">
        {t("openTools")}
      </Link>
    </div>
  );
}

/** Without the server or API, which is the title of the group. */
function nameInGroup(name: string): string {
  const segments = name.split("/");
  return segments.length > 2 ? segments.slice(2).join("/") : shortToolName(name);
}

interface ToolGroup {
  source: string;
  /** `mcp/<server>/*` if the whole server can be selected. */
  pattern?: string;
  items: ToolEntry[];
}

/** Tools by source. Selected names that are not in the library are kept, so that they can be removed. */
function grouped(tools: readonly ToolEntry[], chosen: readonly string[], query: string): ToolGroup[] {
  const wanted = query.trim().toLowerCase();
  const lost = chosen
    .filter((name) => !tools.some((tool) => matchesTool(name, tool.name)))
    .map((name): ToolEntry => ({ name, summary: "", parameters: {}, effect: "outside" }));
  const groups = new Map<string, ToolGroup>();
  for (const tool of [...tools, ...lost]) {
    if (wanted && !`${tool.name} ${tool.summary}`.toLowerCase().includes(wanted)) continue;
    const parts = tool.name.split("/");
    const source = parts[0] === "mcp" || parts[0] === "openapi" ? `${parts[0]}/${parts[1]}` : (parts[0] ?? "");
    const group = groups.get(source) ?? {
      source,
      ...(parts[0] === "mcp" ? { pattern: `mcp/${parts[1]}/*` } : {}),
      items: [],
    };
    group.items.push(tool);
    groups.set(source, group);
  }
  return [...groups.values()];
}

function Fold({
  label,
  count,
  open,
  searching,
  children,
}: {
  label: string;
  count: string;
  /** Until a person opens or closes it. */
  open: boolean;
  /** Only matches are listed, so the group is open, whatever it was before. */
  searching: boolean;
  children: ReactNode;
}) {
  const [shut, setShut] = useState<boolean>();
  const shown = searching || (shut === undefined ? open : !shut);
  return (
    <div>
      <button
        type="button"
        aria-expanded={shown}
        onClick={() => searching || setShut(shown)}
        className="flex w-full items-center gap-1.5 px-2 py-1.5 text-left hover:bg-hover"
      >
        <ChevronRight size={14} aria-hidden className={cx("text-ink-3 transition-transform", shown && "rotate-90")} />
        <span className="flex-1 truncate font-medium">{label}</span>
        <span className="text-ink-3 text-xs tnum">{count}</span>
      </button>
      {shown && <div className="pb-1">{children}</div>}
    </div>
  );
}

/** One tool. */
export function ToolField({ value, set, disabled, label }: FieldProps) {
  const { t, i18n } = useTranslation("fields");
  const tools = useCatalogue((state) => state.tools);
  const [query, setQuery] = useState("");
  const name = typeof value === "string" ? value : "";
  const tool = tools.find((one) => one.name === name);
  const found = tools.filter((one) => `${one.name} ${one.summary}`.toLowerCase().includes(query.trim().toLowerCase()));
  return (
    <div className="flex flex-col gap-2">
      {name && (
        <div className="rounded-md border border-line px-2.5 py-1.5">
          <p className="font-mono text-sm">{name}</p>
          <p className={tool ? "text-ink-3 text-xs" : "text-bad text-xs"}>
            {tool ? inLanguage(tool.summary, i18n.language) : t("notFound")}
          </p>
        </div>
      )}
      <SearchInput
        value={query}
        onChange={setQuery}
        label={name ? t("changeTool") : t("searchTools")}
        disabled={disabled}
      />
      {(query !== "" || !name) && (
        <ul aria-label={label} className="max-h-56 overflow-y-auto rounded-md border border-line">
          {found.slice(0, 100).map((one) => (
            <li key={one.name}>
              <button
                type="button"
                className="block w-full px-2.5 py-1.5 text-left hover:bg-hover"
                onClick={() => {
                  set(one.name);
                  setQuery("");
                }}
              >
                <span className="block font-mono text-sm">{shortToolName(one.name)}</span>
                <span className="line-clamp-1 text-ink-3 text-xs">{inLanguage(one.summary, i18n.language)}</span>
              </button>
            </li>
          ))}
          {found.length === 0 && (
            <li className="px-3 py-3 text-center text-ink-3">{t("noMatch", { ns: "common", query })}</li>
          )}
        </ul>
      )}
    </div>
  );
}
