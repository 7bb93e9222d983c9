import { useMutation } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { Hand } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { WaitDecision as Decision, ScopePart, Wait } from "../../../runtime/event.ts";
import { api } from "../../api/api.ts";
import { ago } from "../../i18n/format.ts";
import { WaitDecision } from "../../panels/wait-decision.tsx";
import { ErrorNotice } from "../../shell/query-state.tsx";

/** Nodes are named by their ids, because the list does not load graphs. */
function partWords({ node: title, item, turn }: ScopePart, t: TFunction<["runs", "bodies"]>): string {
  if (item !== undefined) return t("bodies:itemOf", { title, number: item + 1 });
  return turn === undefined ? title : t("bodies:turnOf", { title, number: turn + 1 });
}

/** A pending approval of a run: the question, the exact call, and the possible decisions. */
export function WaitCard({ run, wait, onDecided }: { run: string; wait: Wait; onDecided(): void }) {
  const { t } = useTranslation(["runs", "bodies"]);
  const decide = useMutation({
    mutationFn: (decision: Decision) => api.runs.answer(run, [decision]),
    onSuccess: onDecided,
  });
  return (
    <article className="rounded-xl border border-warn/30 bg-warn-soft p-4">
      <div className="flex gap-2.5">
        <Hand size={16} aria-hidden className="mt-0.5 text-warn" />
        <div className="min-w-0 flex-1">
          <p className="font-medium">{wait.question}</p>
          {wait.scope && (
            <p className="mt-0.5 text-ink-3 text-sm">{wait.scope.map((part) => partWords(part, t)).join(" › ")}</p>
          )}
          {wait.kind === "uncertain" && <p className="mt-0.5 text-ink-2">{t("wait.uncertain")}</p>}
          {wait.expiresAt && (
            <p className="mt-0.5 text-ink-3 text-sm">{t("wait.expires", { when: ago(wait.expiresAt) })}</p>
          )}
        </div>
      </div>
      <WaitDecision
        wait={wait}
        busy={decide.isPending ? decide.variables.choice : undefined}
        disabled={decide.isPending}
        onDecide={decide.mutate}
      />
      {decide.isError && <ErrorNotice error={decide.error} className="mt-3" />}
    </article>
  );
}
