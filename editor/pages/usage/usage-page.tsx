import { useQuery } from "@tanstack/react-query";
import { ChartColumn } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { api } from "../../api.ts";
import { compact, dollars, number, percent, shortDay } from "../../i18n/format.ts";
import { Page, Section } from "../../shell/page.tsx";
import { Loaded } from "../../shell/query-state.tsx";
import { LinkButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { type Bar, Bars } from "./bars.tsx";
import { add, byAgent, byDay, NOTHING, type Sum } from "./sums.ts";

type Days = "7" | "30" | "90";

export function UsagePage() {
  const { t } = useTranslation("usage");
  const [days, setDays] = useState<Days>("30");
  const usage = useQuery({
    queryKey: ["usage", days],
    queryFn: ({ signal }) => api.usage(Number(days), signal),
  });
  return (
    <Page
      wide
      crumbs={[{ label: t("title") }]}
      title={t("title")}
      lead={t("lead")}
      actions={
        <Segmented
          label={t("range")}
          value={days}
          onChange={setDays}
          options={(["7", "30", "90"] as const).map((value) => ({ value, label: t("days", { count: Number(value) }) }))}
        />
      }
    >
      <Loaded query={usage}>
        {(rows) => {
          const total = rows.reduce<Sum>(add, NOTHING);
          if (total.runs === 0)
            return (
              <EmptyState
                icon={ChartColumn}
                title={t("empty")}
                actions={
                  <LinkButton href="/" variant="solid">
                    {t("openAgents")}
                  </LinkButton>
                }
              >
                {t("emptyLead")}
              </EmptyState>
            );
          const perDay = byDay(rows, Number(days), Date.now());
          const plot = (
            title: string,
            pick: (sum: Sum) => number,
            words: (value: number) => string,
            bad?: (sum: Sum) => number,
          ) => {
            const bars: Bar[] = perDay.map(({ day, sum }) => ({
              key: day,
              value: pick(sum),
              bad: bad?.(sum),
              label: shortDay(day),
            }));
            const max = words(Math.max(...bars.map((bar) => bar.value)));
            return <Bars title={title} summary={t("plot", { title, max })} bars={bars} words={words} />;
          };
          return (
            <>
              <dl className="mb-6 grid grid-cols-4 gap-4 max-lg:grid-cols-2">
                <Figure
                  name={t("runs")}
                  note={
                    total.failed > 0 ? t("failedShare", { share: percent(total.failed / total.runs) }) : t("noneFailed")
                  }
                >
                  {number(total.runs)}
                </Figure>
                <Figure
                  name={t("tokens")}
                  note={t("tokensSplit", { input: compact(total.inputTokens), output: compact(total.outputTokens) })}
                >
                  {compact(total.inputTokens + total.outputTokens)}
                </Figure>
                <Figure name={t("toolCalls")} note={t("steps", { count: total.steps })}>
                  {number(total.toolCalls)}
                </Figure>
                <Figure name={t("cost")} note={total.costUsd === undefined ? t("costHelp") : ""}>
                  {total.costUsd === undefined ? (
                    <span className="font-medium text-ink-3 text-md">{t("costNone")}</span>
                  ) : (
                    dollars(total.costUsd)
                  )}
                </Figure>
              </dl>
              <div className="mb-10 grid grid-cols-[repeat(auto-fit,minmax(340px,1fr))] gap-4">
                {plot(
                  t("perDay"),
                  (sum) => sum.runs,
                  (value) => number(value),
                  (sum) => sum.failed,
                )}
                {plot(t("tokensPerDay"), (sum) => sum.inputTokens + sum.outputTokens, compact)}
                {(total.costUsd ?? 0) > 0 && plot(t("costPerDay"), (sum) => sum.costUsd ?? 0, dollars)}
              </div>
              <Section title={t("byAgent")}>
                <Table label={t("byAgent")}>
                  <Head>
                    <HeadCell>{t("column.agent")}</HeadCell>
                    <HeadCell end>{t("column.runs")}</HeadCell>
                    <HeadCell end>{t("column.failed")}</HeadCell>
                    <HeadCell end>{t("column.tokens")}</HeadCell>
                    <HeadCell end>{t("column.calls")}</HeadCell>
                    <HeadCell end>{t("column.cost")}</HeadCell>
                  </Head>
                  <tbody>
                    {byAgent(rows).map(({ key, agent, name, sum }) => (
                      <Row key={key}>
                        <Cell className="w-full">
                          {agent ? (
                            <Link
                              href={`/runs?agent=${encodeURIComponent(agent)}`}
                              className="rounded-sm font-medium hover:underline"
                            >
                              {name}
                            </Link>
                          ) : (
                            <span className="font-medium">{name}</span>
                          )}
                        </Cell>
                        <Cell end>{number(sum.runs)}</Cell>
                        <Cell end className={sum.failed > 0 ? "text-bad" : "text-ink-3"}>
                          {number(sum.failed)}
                        </Cell>
                        <Cell end>{compact(sum.inputTokens + sum.outputTokens)}</Cell>
                        <Cell end>{number(sum.toolCalls)}</Cell>
                        <Cell end>{sum.costUsd === undefined ? "" : dollars(sum.costUsd)}</Cell>
                      </Row>
                    ))}
                  </tbody>
                </Table>
              </Section>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Figure({ name, note, children }: { name: string; note: string; children: ReactNode }) {
  return (
    <div className="rounded-xl border border-line bg-surface px-4 py-3.5">
      <dt className="text-ink-2">{name}</dt>
      <dd className="mt-1 font-semibold text-2xl tracking-tight tnum">{children}</dd>
      <dd className="mt-1 text-ink-3 text-sm tnum">{note}</dd>
    </div>
  );
}
