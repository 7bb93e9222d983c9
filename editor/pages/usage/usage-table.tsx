import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { UsageRow } from "../../../server/contract/run.ts";
import { api } from "../../api/api.ts";
import { compact, dollars, number, percent, span } from "../../i18n/format.ts";
import { Section } from "../../shell/page.tsx";
import { Loaded } from "../../shell/query-state.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { busiest } from "./daily-usage.ts";
import { GROUPS, toQuery, type UsageFilters } from "./usage-filters.ts";
import type { UsageNames } from "./use-names.ts";

/** The same numbers by agent, version or key. A row sets the filter of the page. */
export function UsageTable({
  filters,
  names,
  onChange,
}: {
  filters: UsageFilters;
  names: UsageNames;
  onChange(filters: UsageFilters): void;
}) {
  const { t } = useTranslation("usage");
  const { by } = filters;
  const asked = toQuery(filters);
  const rows = useQuery({
    queryKey: ["usage", by, asked],
    queryFn: async ({ signal }) => ({ by, rows: await api.usage({ ...asked, by: [by] }, signal) }),
    placeholderData: keepPreviousData,
  });
  return (
    <Section
      title={t(`by.${by}`)}
      lead={t("percentilesHelp")}
      actions={
        <Segmented
          label={t("groupBy")}
          value={by}
          onChange={(next) => onChange({ ...filters, by: next })}
          options={GROUPS.map((group) => ({ value: group, label: t(`column.${group}`) }))}
        />
      }
    >
      <Loaded query={rows}>
        {(shown) => (
          <Table label={t(`by.${shown.by}`)}>
            <Head>
              <HeadCell>{t(`column.${shown.by}`)}</HeadCell>
              <HeadCell end>{t("column.runs")}</HeadCell>
              <HeadCell end>{t("column.failed")}</HeadCell>
              <HeadCell end>p50</HeadCell>
              <HeadCell end>p95</HeadCell>
              <HeadCell end>p99</HeadCell>
              <HeadCell end>{t("column.tokens")}</HeadCell>
              <HeadCell end>{t("column.calls")}</HeadCell>
              <HeadCell end>{t("column.cost")}</HeadCell>
            </Head>
            <tbody>
              {busiest(shown.rows).map((row) => (
                <UsageLine
                  key={`${row.agent ?? `~${row.name}`} ${row.version ?? ""} ${row.key ?? ""}`}
                  name={nameOf(row, shown.by, names, t("draft"))}
                  row={row}
                  onOpen={narrowing(row, shown.by, filters, onChange)}
                />
              ))}
            </tbody>
          </Table>
        )}
      </Loaded>
    </Section>
  );
}

function UsageLine({ name, row, onOpen }: { name: string; row: UsageRow; onOpen?(): void }) {
  const { t } = useTranslation("usage");
  const time = (ms: number | undefined) => (ms === undefined ? "" : span(ms));
  return (
    <Row onOpen={onOpen}>
      <Cell className="w-full">
        {onOpen ? (
          <button
            type="button"
            aria-label={t("showOnly", { name })}
            onClick={onOpen}
            className="rounded-sm text-left font-medium hover:underline"
          >
            {name}
          </button>
        ) : (
          <span className="font-medium">{name}</span>
        )}
      </Cell>
      <Cell end>{number(row.runs)}</Cell>
      <Cell end className={row.failed > 0 ? "whitespace-nowrap text-bad" : "text-ink-3"}>
        {row.failed > 0 ? `${number(row.failed)} · ${percent(row.failed / row.runs)}` : "0"}
      </Cell>
      {[row.p50Ms, row.p95Ms, row.p99Ms].map((ms, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the three columns are fixed
        <Cell key={at} end className={at === 0 ? "whitespace-nowrap" : "whitespace-nowrap text-ink-2"}>
          {time(ms)}
        </Cell>
      ))}
      <Cell end className="whitespace-nowrap">
        {compact(row.inputTokens + row.outputTokens)}
      </Cell>
      <Cell end>{number(row.toolCalls)}</Cell>
      <Cell end>{row.costUsd === undefined ? "" : dollars(row.costUsd)}</Cell>
    </Row>
  );
}

function nameOf(row: UsageRow, by: UsageFilters["by"], names: UsageNames, draft: string): string {
  if (by === "key") return names.keyName(row.key);
  const agent = names.agents.find((one) => one.id === row.agent)?.name ?? row.name ?? "";
  return by === "agent" ? agent : `${agent} · ${row.version === undefined ? draft : `v${row.version}`}`;
}

/** The filter that a row sets; undefined for a graph that was never saved. */
function narrowing(
  row: UsageRow,
  by: UsageFilters["by"],
  filters: UsageFilters,
  onChange: (next: UsageFilters) => void,
) {
  if (by === "key") return () => onChange({ ...filters, key: row.key ?? "", by: "agent" });
  const { agent } = row;
  if (agent === undefined) return undefined;
  return by === "agent"
    ? () => onChange({ ...filters, agent, by: "version" })
    : () => onChange({ ...filters, agent, version: row.version ?? 0, by: "key" });
}
