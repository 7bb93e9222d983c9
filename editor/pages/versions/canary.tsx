import { useQuery } from "@tanstack/react-query";
import { CheckCheck, Undo2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Publication } from "../../../server/contract/agent.ts";
import type { UsageRow } from "../../../server/contract/run.ts";
import { api } from "../../api/api.ts";
import { useMakeLive } from "../../hooks/use-versions.ts";
import { compact, dateTime, dollars, number, percent, span } from "../../i18n/format.ts";
import { Section } from "../../shell/page.tsx";
import { Loaded } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { cx } from "../../ui/cx.ts";
import { Notice } from "../../ui/notice.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { verdict } from "./verdict.ts";

export const SHARES = [0.05, 0.1, 0.25, 0.5] as const;
/** How often the numbers are reloaded. */
const REFRESH_MS = 10_000;

/** Two versions that share the calls, compared since the split started. A person can give one of them all calls. */
export function Canary({
  agent,
  publication,
  share,
}: {
  agent: string;
  publication: Publication;
  share: NonNullable<Publication["share"]>;
}) {
  const { t } = useTranslation("versions");
  const live = useMakeLive(agent);
  const { since } = share;
  const usage = useQuery({
    queryKey: ["usage", "canary", agent, since, share.version, publication.live],
    queryFn: ({ signal }) => api.usage({ agent, from: since, by: ["version"] }, signal),
    refetchInterval: REFRESH_MS,
  });
  const shares = [...new Set([...SHARES, share.share])].sort((a, b) => a - b);
  return (
    <Section
      className="mb-8"
      title={t("canary.title", { version: share.version, share: percent(share.share) })}
      lead={t("canary.lead", { since: dateTime(since), live: publication.live })}
      actions={
        <>
          <Button icon={Undo2} busy={live.isPending} onClick={() => live.mutate({ version: publication.live })}>
            {t("canary.back", { live: publication.live })}
          </Button>
          <Button
            variant="solid"
            icon={CheckCheck}
            busy={live.isPending}
            onClick={() => live.mutate({ version: share.version })}
          >
            {t("canary.promote", { version: share.version })}
          </Button>
        </>
      }
    >
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <span className="text-ink-2">{t("canary.share", { version: share.version })}</span>
        <Segmented
          label={t("canary.share", { version: share.version })}
          value={String(share.share)}
          onChange={(next) => live.mutate({ version: share.version, share: Number(next) })}
          options={shares.map((one) => ({ value: String(one), label: percent(one) }))}
        />
      </div>
      <Loaded query={usage}>
        {(rows) => {
          const of = (version: number) => rows.find((row) => row.version === version);
          const [first, second] = [of(publication.live), of(share.version)];
          return (
            <>
              <Table label={t("canary.table")}>
                <Head>
                  <HeadCell>{t("canary.version")}</HeadCell>
                  <HeadCell end>{t("canary.calls")}</HeadCell>
                  <HeadCell end>{t("canary.failed")}</HeadCell>
                  <HeadCell end>p50</HeadCell>
                  <HeadCell end>p95</HeadCell>
                  <HeadCell end>{t("canary.tokens")}</HeadCell>
                  <HeadCell end>{t("canary.cost")}</HeadCell>
                  <HeadCell end>{t("canary.rating")}</HeadCell>
                </Head>
                <tbody>
                  <Side name={t("canary.liveRow", { version: publication.live })} row={first} />
                  <Side name={t("canary.newRow", { version: share.version })} row={second} />
                </tbody>
              </Table>
              <Verdict first={first} second={second} version={share.version} live={publication.live} />
            </>
          );
        }}
      </Loaded>
    </Section>
  );
}

function Side({ name, row }: { name: string; row: UsageRow | undefined }) {
  const { t } = useTranslation("versions");
  const per = (sum: number | undefined, words: (value: number) => string) =>
    row === undefined || sum === undefined ? "–" : words(sum / row.runs);
  return (
    <Row>
      <Cell className="w-full font-medium">{name}</Cell>
      <Cell end>{number(row?.runs ?? 0)}</Cell>
      <Cell end className={cx("whitespace-nowrap", row?.failed ? "text-bad" : "text-ink-3")}>
        {row ? `${number(row.failed)} · ${percent(row.failed / row.runs)}` : "–"}
      </Cell>
      <Cell end className="whitespace-nowrap">
        {row?.p50Ms === undefined ? "–" : span(row.p50Ms)}
      </Cell>
      <Cell end className="whitespace-nowrap">
        {row?.p95Ms === undefined ? "–" : span(row.p95Ms)}
      </Cell>
      <Cell end>{per(row && row.inputTokens + row.outputTokens, compact)}</Cell>
      <Cell end>{per(row?.costUsd, dollars)}</Cell>
      <Cell end className="whitespace-nowrap">
        {row?.rating === undefined ? "–" : t("canary.rated", { rating: number(row.rating, 2), count: row.rated ?? 0 })}
      </Cell>
    </Row>
  );
}

function Verdict({
  first,
  second,
  version,
  live,
}: {
  first: UsageRow | undefined;
  second: UsageRow | undefined;
  version: number;
  live: number;
}) {
  const { t } = useTranslation("versions");
  const said = verdict(first, second);
  const tone = said.is === "worse" ? "bad" : said.is === "better" ? "ok" : "info";
  return (
    <Notice className="mt-3" tone={tone} title={t(`canary.verdict.${said.is}`, { version, live })}>
      {said.is === "few-calls" ? t("canary.fewCalls", { count: said.calls }) : t(`canary.why.${said.is}`)}
    </Notice>
  );
}
