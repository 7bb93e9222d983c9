import { BookText, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { KnowledgeCard } from "../../../server/contract/knowledge.ts";
import { ago, bytes, number } from "../../i18n/format.ts";
import { Page } from "../../shell/page.tsx";
import { Loaded } from "../../shell/query-state.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { CreateKnowledgePanel } from "./create-panel.tsx";
import { useKnowledgeList } from "./use-knowledge.ts";

export function KnowledgePage() {
  const { t } = useTranslation("knowledge");
  const list = useKnowledgeList();
  const [, go] = useLocation();
  const [creating, setCreating] = useState(false);
  const create = (
    <Button variant="solid" icon={Plus} onClick={() => setCreating(true)}>
      {t("new")}
    </Button>
  );
  return (
    <Page
      crumbs={[{ label: t("title") }]}
      title={t("title")}
      lead={t("lead")}
      actions={list.data?.length ? create : undefined}
    >
      <Loaded query={list}>
        {(cards) =>
          cards.length === 0 ? (
            <EmptyState icon={BookText} title={t("empty")} actions={create}>
              {t("emptyLead")}
            </EmptyState>
          ) : (
            <ul className="grid grid-cols-[repeat(auto-fill,minmax(290px,1fr))] gap-4">
              {cards.map((card) => (
                <li key={card.name}>
                  <Card card={card} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {creating && (
        <CreateKnowledgePanel
          onClose={() => setCreating(false)}
          onCreated={(card) => go(`/knowledge/${encodeURIComponent(card.name)}`)}
        />
      )}
    </Page>
  );
}

function Card({ card }: { card: KnowledgeCard }) {
  const { t } = useTranslation("knowledge");
  return (
    <Link
      href={`/knowledge/${encodeURIComponent(card.name)}`}
      className="flex h-full flex-col gap-3 rounded-xl border border-line bg-surface p-4 transition-shadow hover:border-line-strong hover:shadow-card"
    >
      <span className="flex items-center gap-3">
        <span className="flex size-8 shrink-0 items-center justify-center rounded-md bg-kind-documents/10 text-kind-documents">
          <BookText size={16} aria-hidden />
        </span>
        <span className="min-w-0 truncate font-semibold text-md">{card.name}</span>
      </span>
      <span className="flex gap-5 tnum">
        <Figure
          value={number(card.documents)}
          words={t("documents", { count: card.documents }).replace(/^[\d.,]+\s*/, "")}
        />
        <Figure value={number(card.chunks)} words={t("passages", { count: card.chunks }).replace(/^[\d.,]+\s*/, "")} />
        <Figure value={bytes(card.bytes)} words="" />
      </span>
      <span className="mt-auto flex items-center gap-2 text-ink-3 text-sm">
        <Badge tone={card.embedder ? "documents" : "neutral"} title={card.embedder}>
          {card.embedder ? t("hybridSearch") : t("keywordSearch")}
        </Badge>
        <span className="ml-auto">{t("updated", { when: ago(card.updatedAt) })}</span>
      </span>
    </Link>
  );
}

function Figure({ value, words }: { value: string; words: string }) {
  return (
    <span className="flex items-baseline gap-1">
      <span className="font-semibold">{value}</span>
      <span className="text-ink-2 text-sm">{words}</span>
    </span>
  );
}
