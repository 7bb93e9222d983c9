import { Check, Minus, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ProviderTest } from "../../../server/contract/model.ts";
import { span } from "../../i18n/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { cx } from "../../ui/cx.ts";
import { Notice } from "../../ui/notice.tsx";

const ORDER = ["chat", "streams", "tools", "structured", "vision", "embeddings"] as const;

/** The result of a provider test: whether it works, then what it supports. */
export function TestResult({ test }: { test: ProviderTest }) {
  const { t } = useTranslation(["models", "errors"]);
  if (!test.ok)
    return (
      <Notice tone="bad" title={test.code ? t(`errors:${test.code}`) : undefined}>
        {test.message}
      </Notice>
    );
  const time = test.latencyMs === undefined ? undefined : span(test.latencyMs);
  return (
    <div className="rounded-lg border border-ok/25 bg-ok-soft px-3.5 py-3">
      <div className="flex flex-wrap items-center gap-2">
        <Check size={16} aria-hidden className="text-ok" />
        <p className="font-medium">{test.tried && time ? t("testOkWith", { model: test.tried, time }) : t("testOk")}</p>
        <Badge className="ml-auto">{t("testListed", { count: test.models.length })}</Badge>
      </div>
      <ul className="mt-2.5 grid grid-cols-[repeat(auto-fill,minmax(180px,1fr))] gap-x-4 gap-y-1.5">
        {ORDER.map((name) => {
          const found = test.found[name];
          const Icon = found === undefined ? Minus : found ? Check : X;
          const word = found === undefined ? t("notTested") : found ? t("yes") : t("no");
          return (
            <li key={name} className={cx("flex items-center gap-2", found === undefined && "text-ink-3")}>
              <Icon
                size={14}
                aria-hidden
                className={found ? "text-ok" : found === false ? "text-warn" : "text-ink-3"}
              />
              <span className={found === false ? "text-ink-2" : undefined}>{t(`capabilityTest.${name}`)}</span>
              <span className="sr-only">{word}</span>
              {found === undefined && <span className="text-xs">{word}</span>}
            </li>
          );
        })}
      </ul>
      {test.found.tools === false && <p className="mt-2.5 text-ink-2 text-sm">{t("noTools")}</p>}
    </div>
  );
}
