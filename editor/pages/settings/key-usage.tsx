import { useTranslation } from "react-i18next";
import type { AgentKey } from "../../../server/contract/key.ts";
import { compact, dollars, percent } from "../../i18n/format.ts";
import { cx } from "../../ui/cx.ts";

/** How much of its daily limits a key has used: a bar for tokens and one for money, if they are limited. */
export function KeyUsage({ name, today, limits }: Pick<AgentKey, "name" | "today" | "limits">) {
  const { t } = useTranslation("settings");
  if (!today || !limits) return <span className="text-ink-3">{t("keys.unlimited")}</span>;
  return (
    <div className="flex min-w-40 flex-col gap-2">
      {limits.tokensPerDay !== undefined && (
        <Bar
          label={t("keys.tokensOf", { name })}
          share={today.tokens / limits.tokensPerDay}
          words={t("keys.usedTokens", { used: compact(today.tokens), most: compact(limits.tokensPerDay) })}
        />
      )}
      {limits.costUsdPerDay !== undefined && (
        <Bar
          label={t("keys.moneyOf", { name })}
          share={today.costUsd / limits.costUsdPerDay}
          words={t("keys.usedMoney", { used: dollars(today.costUsd), most: dollars(limits.costUsdPerDay) })}
        />
      )}
    </div>
  );
}

/** The share of a limit from which the bar shows a warning. */
const SHORT = 0.8;

function Bar({ label, share, words }: { label: string; share: number; words: string }) {
  const { t } = useTranslation("settings");
  const full = share >= 1;
  return (
    <div>
      {/* biome-ignore lint/a11y/useSemanticElements: browsers render <meter> differently */}
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, Math.round(share * 100))}
        aria-valuetext={`${words}, ${percent(share)}`}
        className="h-1.5 overflow-hidden rounded-full bg-line"
      >
        <div
          className={cx("h-full rounded-full", full ? "bg-bad" : share >= SHORT ? "bg-warn" : "bg-accent/70")}
          style={{ width: `${Math.min(1, share) * 100}%` }}
        />
      </div>
      <p className={cx("mt-1 whitespace-nowrap text-xs tnum", full ? "text-bad" : "text-ink-3")}>
        {full ? t("keys.usedUp", { words }) : words}
      </p>
    </div>
  );
}
