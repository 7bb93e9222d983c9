import { ShieldQuestion } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { WaitDecision as Decision } from "../../runtime/event.ts";
import type { HostedWait } from "../../server/contract/hosted-item.ts";
import { dateTime } from "../i18n/format.ts";
import { WaitDecision } from "../panels/wait-decision.tsx";

/** A pending approval: what will be done, and the possible decisions; or that the owner must decide. */
export function OpenWait({
  wait,
  busy,
  onDecide,
}: {
  wait: HostedWait;
  busy: boolean;
  onDecide(decision: Decision): void;
}) {
  const { t } = useTranslation("chat");
  const question =
    wait.kind === "uncertain" ? t("uncertain") : wait.question === "" ? t("waitingForOwner") : wait.question;
  return (
    <section aria-label={question} className="rounded-xl border border-warn/40 bg-warn/7 px-3.5 py-3">
      <p className="flex items-start gap-2 font-medium">
        <ShieldQuestion size={16} aria-hidden className="mt-0.5 shrink-0 text-warn" />
        {question}
      </p>
      {wait.expiresAt !== undefined && (
        <p className="mt-2 text-ink-2 text-sm">{t("decideBy", { time: dateTime(wait.expiresAt) })}</p>
      )}
      {wait.owner ? (
        <p className="mt-2 text-ink-2 text-sm">{t("waitsForOwner")}</p>
      ) : (
        <WaitDecision
          wait={wait}
          size="sm"
          disabled={busy}
          label={(choice) => t(choice === "fail" ? "stopHere" : choice)}
          onDecide={onDecide}
        />
      )}
    </section>
  );
}
