/** Navigation inside two compared runs: from a node to one of its items, and to the nodes in it. */
import type { TFunction } from "i18next";
import { ChevronRight } from "lucide-react";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { type Scope, type ScopePart, scopeKey } from "../../../runtime/event.ts";
import type { Graph } from "../../../runtime/graph.ts";
import { graphAt, NOT_FETCHED } from "../../hooks/use-scope-words.ts";
import { useNodeWords } from "../../i18n/node-words.ts";
import type { ComparedPart } from "./compare.ts";

/** The scope shown in both runs, as breadcrumbs that lead back out. */
export function ScopeBar({ scope, graph, onScope }: { scope: Scope; graph?: Graph; onScope(scope: Scope): void }) {
  const { t } = useTranslation(["testing", "bodies"]);
  const words = useNodeWords();
  const link = "rounded-sm text-accent hover:underline";
  return (
    <nav aria-label={t("location")} className="mb-3 flex flex-wrap items-center gap-x-2">
      <button type="button" className={link} onClick={() => onScope([])}>
        {t("wholeRun")}
      </button>
      {scope.map((part, depth) => {
        const around = graph && graphAt(graph, scope.slice(0, depth), NOT_FETCHED);
        const node = around?.nodes.find((one) => one.id === part.node);
        const title = node ? words.nodeTitle(node) : part.node;
        const name = [title, partWords(part, t)].filter(Boolean).join(", ");
        const last = depth === scope.length - 1;
        return (
          <Fragment key={scopeKey(scope.slice(0, depth + 1))}>
            <ChevronRight size={13} aria-hidden className="text-ink-3" />
            {last ? (
              <span aria-current="location" className="font-medium">
                {name}
              </span>
            ) : (
              <button type="button" className={link} onClick={() => onScope(scope.slice(0, depth + 1))}>
                {name}
              </button>
            )}
          </Fragment>
        );
      })}
    </nav>
  );
}

/** "" for an agent, which runs once. */
function partWords(part: ScopePart, t: TFunction<["testing", "bodies"]>): string {
  if (part.item !== undefined) return t("bodies:item", { number: part.item + 1 });
  return part.turn === undefined ? "" : t("bodies:turn", { number: part.turn + 1 });
}

/** Chooses one item or turn inside a node; the same one is shown for both runs. */
export function PartPicker({
  parts,
  title,
  onScope,
}: {
  parts: readonly ComparedPart[];
  title: string;
  onScope(scope: Scope): void;
}) {
  const { t } = useTranslation(["testing", "bodies"]);
  const how = (part: ComparedPart) =>
    part.only ? t(part.only === "first" ? "onlyFirst" : "onlySecond") : t(part.same ? "same" : "differs");
  const [only] = parts;
  if (parts.length === 1 && only && partWords(only.scope.at(-1)!, t) === "")
    return (
      <button
        type="button"
        className="block rounded-sm font-normal text-accent text-sm hover:underline"
        onClick={() => onScope(only.scope)}
      >
        {t("viewContents")} ({how(only)})
      </button>
    );
  return (
    <select
      aria-label={t("viewContentsOf", { title })}
      className="mt-1 block h-7 rounded-md border border-line-strong bg-surface px-1.5 font-normal text-sm"
      value=""
      onChange={(event) => {
        const part = parts.find((one) => one.key === event.target.value);
        if (part) onScope(part.scope);
      }}
    >
      <option value="">{t("viewContents")}</option>
      {parts.map((part) => (
        <option key={part.key} value={part.key}>
          {[partWords(part.scope.at(-1)!, t) || t("call"), how(part)].join(" · ")}
        </option>
      ))}
    </select>
  );
}
