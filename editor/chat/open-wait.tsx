import { ShieldQuestion } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { WaitDecision } from "../../runtime/event.ts";
import type { HostedWait } from "../../server/contract/hosted-item.ts";
import { outputText } from "../graph/output-texts.ts";
import { dateTime } from "../i18n/format.ts";
import { WaitChoices } from "../panels/wait-choices.tsx";

/** A pending approval: what will be done, and the possible decisions. */
export function OpenWait({
  wait,
  owner,
  busy,
  onDecide,
}: {
  wait: HostedWait;
  /** Only the owner may decide. */
  owner: boolean;
  busy: boolean;
  onDecide(decision: WaitDecision): void;
}) {
  const { t } = useTranslation("chat");
  return (
    <section aria-label={wait.question} className="rounded-xl border border-warn/40 bg-warn/7 px-3.5 py-3">
      <p className="flex items-start gap-2 font-medium">
        <ShieldQuestion size={16} aria-hidden className="mt-0.5 shrink-0 text-warn" />
        {wait.kind === "uncertain" ? t("uncertain") : wait.question}
      </p>
      {wait.call && (
        <details className="mt-2 text-sm" open>
          <summary className="text-ink-2">{t("arguments")}</summary>
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
            tabIndex={0}
            className="mt-1 max-h-52 overflow-auto whitespace-pre-wrap break-words rounded-md border border-line bg-surface p-2 font-mono text-xs"
          >
            {outputText(wait.call.arguments)}
          </pre>
        </details>
      )}
      {wait.expiresAt !== undefined && (
        <p className="mt-2 text-ink-2 text-sm">{t("decideBy", { time: dateTime(wait.expiresAt) })}</p>
      )}
      {owner ? (
        <p className="mt-2 text-ink-2 text-sm">{t("waitsForOwner")}</p>
      ) : (
        <WaitChoices
          kind={wait.kind}
          size="sm"
          disabled={busy}
          label={(choice) => t(choice === "fail" ? "stopHere" : choice)}
          onChoose={(choice) => onDecide({ wait: wait.wait, choice })}
        />
      )}
    </section>
  );
}
