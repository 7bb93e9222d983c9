import { CaseSensitive, Replace, ReplaceAll, WholeWord } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { lookup } from "../graph/lookup.ts";
import { countReplaced, findText, type Hit, MAX_HITS, type Query, replaceText } from "../graph/text-search.ts";
import { useDocument, useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Input, SearchInput } from "../ui/input.tsx";
import { toast } from "../ui/toast.tsx";
import { useShowNode } from "./issues-panel.tsx";

export const FIND_ID = "find-text";
export const REPLACE_ID = "replace-text";
/** The maximum number of rows; a longer query finds the others. */
const SHOWN = 200;

/** Finds a text in the graph. A row shows its node; one or all occurrences are replaced in one undo step. */
export function FindPanel() {
  const { t } = useTranslation("editing");
  const { apply, selection } = useWorkbench();
  const graph = useGraph((one) => one);
  const frozen = useDocument((state) => state.frozen);
  const show = useShowNode();
  const [query, setQuery] = useState<Query>({ text: "", matchCase: false, wholeWord: false });
  const [replacement, setReplacement] = useState("");
  const [current, setCurrent] = useState(0);
  const deferred = useDeferredValue(query);
  const hits = useMemo(() => findText(graph, deferred), [graph, deferred]);
  const at = Math.min(current, Math.max(0, hits.length - 1));

  const go = (index: number) => {
    if (hits.length === 0) return;
    const next = (index + hits.length) % hits.length;
    setCurrent(next);
    const { node } = hits[next]!;
    if (node !== undefined) show(node);
    else selection.clear();
  };
  const replaceOne = (hit: Hit | undefined) => {
    if (!hit || frozen) return;
    apply(replaceText(query, replacement, hit));
    setCurrent(hits.indexOf(hit));
  };
  const replaceAll = () => {
    if (frozen) return;
    const { done, kept } = countReplaced(graph, query, replacement);
    if (done > 0) apply(replaceText(query, replacement));
    if (done + kept > 0)
      toast({
        title: t("find.done", { count: done }),
        ...(kept > 0 ? { detail: t("find.kept", { count: kept }), tone: "bad" } : {}),
      });
  };

  return (
    <section aria-label={t("find.query")} className="flex h-full flex-col">
      <div className="flex flex-col gap-2 border-line border-b px-4 py-3">
        <div className="flex gap-1.5">
          <SearchInput
            id={FIND_ID}
            className="min-w-0 flex-1"
            label={t("find.query")}
            value={query.text}
            onChange={(text) => {
              setQuery({ ...query, text });
              setCurrent(0);
            }}
            onKeyDown={(event) => {
              if (event.key !== "Enter" && event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
              event.preventDefault();
              const back = event.key === "ArrowUp" || event.shiftKey;
              // The first Enter shows the first hit.
              go(back ? at - 1 : selection.getState().nodes.size === 0 && at === 0 ? 0 : at + 1);
            }}
          />
          <IconButton
            icon={CaseSensitive}
            label={t("find.case")}
            aria-pressed={query.matchCase}
            className={cx(query.matchCase && "bg-accent-soft text-accent")}
            onClick={() => setQuery({ ...query, matchCase: !query.matchCase })}
          />
          <IconButton
            icon={WholeWord}
            label={t("find.word")}
            aria-pressed={query.wholeWord}
            className={cx(query.wholeWord && "bg-accent-soft text-accent")}
            onClick={() => setQuery({ ...query, wholeWord: !query.wholeWord })}
          />
        </div>
        <Input
          id={REPLACE_ID}
          aria-label={t("find.replaceWith")}
          placeholder={t("find.replaceWith")}
          value={replacement}
          onChange={(event) => setReplacement(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            replaceOne(hits[at]);
          }}
        />
        <div className="flex items-center gap-2">
          <span className="mr-auto text-ink-3 text-sm tnum" role="status">
            {query.text === ""
              ? t("find.queryHelp")
              : hits.length === 0
                ? t("find.none")
                : t("find.hits", { count: hits.length })}
          </span>
          {hits.length > 0 && (
            <Button size="sm" icon={ReplaceAll} disabled={frozen} onClick={replaceAll} className="shrink-0">
              {t("find.all")}
            </Button>
          )}
        </div>
        {frozen && <p className="text-sm text-warn">{t("find.pastRun")}</p>}
      </div>
      <ol className="min-h-0 flex-1 overflow-y-auto py-1">
        {hits.slice(0, SHOWN).map((hit, index) => (
          <HitLine
            key={hit.key}
            hit={hit}
            chosen={index === at}
            onGo={() => go(index)}
            onReplace={frozen ? undefined : () => replaceOne(hit)}
          />
        ))}
        {hits.length > SHOWN && (
          <li className="px-4 py-2 text-ink-3 text-sm">{t("find.more", { count: Math.min(SHOWN, MAX_HITS) })}</li>
        )}
      </ol>
    </section>
  );
}

const BEFORE = 28;
const AFTER = 90;

function HitLine({
  hit,
  chosen,
  onGo,
  onReplace,
}: {
  hit: Hit;
  chosen: boolean;
  onGo(): void;
  onReplace?: () => void;
}) {
  const { t } = useTranslation("editing");
  const label = useHitLabel(hit);
  const { text, start, end } = hit;
  const cut = Math.max(0, start - BEFORE);
  return (
    <li className={cx("group flex items-start gap-1 px-2", chosen && "bg-accent-soft")}>
      <button
        type="button"
        aria-current={chosen || undefined}
        onClick={onGo}
        className="min-w-0 flex-1 rounded-sm px-2 py-1.5 text-left"
      >
        <span className="block truncate text-ink-3 text-xs">{label}</span>
        <span className="line-clamp-2 break-words text-sm">
          {cut > 0 && "…"}
          {text.slice(cut, start)}
          <mark className="rounded-xs bg-warn/25 text-ink">{text.slice(start, end)}</mark>
          {text.slice(end, end + AFTER)}
        </span>
      </button>
      {onReplace && (
        <IconButton
          icon={Replace}
          size="sm"
          label={t("find.one")}
          onClick={onReplace}
          className="mt-1 shrink-0 opacity-0 focus-visible:opacity-100 group-hover:opacity-100"
        />
      )}
    </li>
  );
}

/** The label of a hit: node title and field, such as "Brief · Template". */
function useHitLabel({ node: id, path }: Hit): string {
  const { t } = useTranslation("editing");
  const words = useNodeWords();
  const graph = useGraph((one) => one);
  if (path[0] === "groups") return t("find.group");
  if (path[0] !== "nodes") {
    const key = path[0] === "settings" ? path[1] : path[0];
    return `${t("find.agent")} · ${t(`find.${key as "name"}`)}`;
  }
  const node = id === undefined ? undefined : lookup(graph).node(id);
  if (!node) return String(id);
  const field = path[2] === "title" ? t("find.title") : words.field(node.type, String(path[3])).label;
  const inner = path.lastIndexOf("nodes");
  const body = inner > 0 ? ` › ${innerTitle(node.config, path.slice(3, inner + 2), words.nodeTitle)}` : "";
  return `${words.nodeTitle(node)}${body} · ${field}`;
}

function innerTitle(
  config: unknown,
  path: readonly (string | number)[],
  title: ReturnType<typeof useNodeWords>["nodeTitle"],
): string {
  let value = config;
  for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
  return value ? title(value as Parameters<typeof title>[0]) : "";
}
