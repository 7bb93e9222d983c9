import { useMutation } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SearchHit } from "../../../server/contract/knowledge.ts";
import { api } from "../../api/api.ts";
import { number, span } from "../../i18n/format.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Form } from "../../ui/form.tsx";
import { Input } from "../../ui/input.tsx";
import { PassageText } from "../../ui/passage-text.tsx";
import { Segmented } from "../../ui/segmented.tsx";

type Mode = "auto" | "text" | "vector" | "hybrid";

/** Searches as a retriever node would. Shows each passage with its position and its rank in each search. */
export function SearchTest({
  name,
  vectors,
  onOpen,
}: {
  name: string;
  vectors: boolean;
  onOpen(document: string): void;
}) {
  const { t } = useTranslation("knowledge");
  const [question, setQuestion] = useState("");
  const [mode, setMode] = useState<Mode>("auto");
  const ask = useMutation({
    mutationFn: async () => {
      const begun = performance.now();
      const { hits } = await api.knowledge.search(name, { q: question.trim(), limit: 6, mode });
      return { hits, ms: performance.now() - begun };
    },
  });
  return (
    <section aria-label={t("test")}>
      <h2 className="font-semibold text-md">{t("test")}</h2>
      <p className="mt-0.5 mb-3 text-ink-2">{t("testLead")}</p>
      <Form
        className="flex flex-col gap-2"
        onSubmit={() => {
          if (question.trim()) ask.mutate();
        }}
      >
        <div className="flex gap-2">
          <Input
            value={question}
            onChange={(event) => setQuestion(event.target.value)}
            aria-label={t("question")}
            placeholder={t("question")}
            spellCheck
            className="flex-1"
          />
          <Button type="submit" icon={Search} busy={ask.isPending} disabled={!question.trim()}>
            {t("ask")}
          </Button>
        </div>
        {vectors && (
          <Segmented
            label={t("mode")}
            value={mode}
            onChange={setMode}
            size="sm"
            className="self-start"
            options={(["auto", "text", "vector", "hybrid"] as const).map((one) => ({
              value: one,
              label: t(`modes.${one}`),
            }))}
          />
        )}
      </Form>
      <div aria-live="polite" className="mt-4">
        {ask.isError && <ErrorNotice error={ask.error} />}
        {ask.data &&
          (ask.data.hits.length === 0 ? (
            <div className="rounded-lg border border-line border-dashed px-4 py-5 text-center">
              <p className="font-medium">{t("noHits")}</p>
              <p className="text-ink-2">{t("noHitsLead")}</p>
            </div>
          ) : (
            <>
              <p className="mb-2 text-ink-3 text-sm tnum">
                {t("resultsIn", { count: ask.data.hits.length, time: span(ask.data.ms) })}
              </p>
              <ol className="flex flex-col gap-2.5">
                {ask.data.hits.map((hit, index) => (
                  <li key={`${hit.document} ${hit.source?.line ?? ""} ${hit.text.slice(0, 40)}`}>
                    <HitCard hit={hit} number={index + 1} onOpen={() => onOpen(hit.document)} />
                  </li>
                ))}
              </ol>
            </>
          ))}
      </div>
    </section>
  );
}

function HitCard({ hit, number: place, onOpen }: { hit: SearchHit; number: number; onOpen(): void }) {
  const { t } = useTranslation("knowledge");
  const where = [
    hit.source?.heading,
    hit.source?.page !== undefined && t("page", { page: hit.source.page }),
    hit.source?.line !== undefined && t("line", { line: hit.source.line }),
  ].filter(Boolean);
  return (
    <article className="rounded-lg border border-line bg-surface px-3.5 py-3">
      <header className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <button
          type="button"
          onClick={onOpen}
          className="inline-flex min-w-0 items-center gap-1.5 rounded-sm bg-kind-documents/10 px-1.5 py-0.5 font-medium text-kind-documents text-sm hover:bg-kind-documents/18"
        >
          <span className="tnum">{place}</span>
          <span className="truncate">{hit.title}</span>
        </button>
        {where.length > 0 && <span className="min-w-0 truncate text-ink-3 text-sm">{where.join(" · ")}</span>}
      </header>
      <PassageText text={hit.text.replaceAll(/\n\s*\n/g, "\n")} lines={5} className="mt-2" />
      <footer className="mt-2 flex flex-wrap gap-1.5">
        {Object.entries(hit.ranks ?? {}).map(([search, rank]) => (
          <Badge key={search}>
            {t("rank", { rank, search: search === "text" || search === "vector" ? t(`rankBy.${search}`) : search })}
          </Badge>
        ))}
        <Badge>{t("score", { score: number(hit.score, 2) })}</Badge>
      </footer>
    </article>
  );
}
