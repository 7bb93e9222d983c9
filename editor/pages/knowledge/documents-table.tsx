import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FileText, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { KnowledgeDocument } from "../../../server/contract/knowledge.ts";
import { api } from "../../api/api.ts";
import { bytes, number } from "../../i18n/format.ts";
import { Loaded, useErrorToast } from "../../shell/query-state.tsx";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { SidePanel } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { SearchInput } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { ShowMore } from "../../ui/show-more.tsx";
import { ActionsHead, Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { toast } from "../../ui/toast.tsx";
import { KNOWLEDGE_KEY } from "./use-knowledge.ts";

const TONE: Record<KnowledgeDocument["status"], Tone> = {
  queued: "neutral",
  indexing: "accent",
  ready: "ok",
  failed: "bad",
};
const PAGE = 100;

/** The documents of a knowledge base, their indexing status, and why a document failed. */
export function DocumentsTable({
  name,
  documents,
  onOpen,
}: {
  name: string;
  documents: KnowledgeDocument[];
  onOpen(document: string): void;
}) {
  const { t } = useTranslation(["knowledge", "common"]);
  const client = useQueryClient();
  const toastError = useErrorToast();
  const [search, setSearch] = useState("");
  const [limit, setLimit] = useState(PAGE);
  const remove = useMutation({
    mutationFn: (document: KnowledgeDocument) => api.knowledge.deleteDocument(name, document.id),
    onSuccess: (_, document) => {
      void client.invalidateQueries({ queryKey: KNOWLEDGE_KEY });
      toast({ title: t("documentRemoved", { title: document.title }) });
    },
    onError: toastError,
  });
  if (documents.length === 0)
    return (
      <EmptyState icon={FileText} title={t("noDocuments")}>
        {t("noDocumentsLead")}
      </EmptyState>
    );
  const shown = documents.filter((document) => document.title.toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <>
      <div className="mb-3 flex items-center justify-between gap-3">
        <h2 className="font-semibold text-md">{t("documentsTitle")}</h2>
        {documents.length > 8 && (
          <SearchInput value={search} onChange={setSearch} label={t("searchDocuments")} className="w-52" />
        )}
      </div>
      <Table label={t("documentsTitle")}>
        <Head>
          <HeadCell>{t("column.title")}</HeadCell>
          <HeadCell>{t("column.status")}</HeadCell>
          <HeadCell end>{t("column.passages")}</HeadCell>
          <HeadCell end>{t("column.size")}</HeadCell>
          <HeadCell end className="max-lg:hidden">
            {t("column.changed")}
          </HeadCell>
          <ActionsHead />
        </Head>
        <tbody>
          {shown.slice(0, limit).map((document) => (
            <Row key={document.id} onOpen={() => onOpen(document.id)}>
              <Cell className="max-w-0 w-full">
                <button
                  type="button"
                  aria-label={t("readDocument", { title: document.title })}
                  onClick={() => onOpen(document.id)}
                  className="block max-w-full truncate rounded-sm font-medium hover:underline"
                >
                  {document.title}
                </button>
                {document.error && (
                  <span className={document.status === "failed" ? "block text-bad text-sm" : "block text-sm text-warn"}>
                    {document.error}
                  </span>
                )}
              </Cell>
              <Cell>
                <Badge tone={TONE[document.status]} dot pulse={document.status === "indexing"}>
                  {t(`status.${document.status}`)}
                </Badge>
              </Cell>
              <Cell end>{document.status === "ready" ? number(document.chunks) : ""}</Cell>
              <Cell end className="whitespace-nowrap">
                {bytes(document.bytes)}
              </Cell>
              <Cell end className="whitespace-nowrap text-ink-3 max-lg:hidden">
                <Time at={document.updatedAt} />
              </Cell>
              <Cell end>
                <IconButton
                  icon={Trash2}
                  size="sm"
                  side="left"
                  danger
                  label={t("removeDocument", { title: document.title })}
                  onClick={() => remove.mutate(document)}
                />
              </Cell>
            </Row>
          ))}
        </tbody>
      </Table>
      {shown.length > limit && <ShowMore onMore={() => setLimit(limit + PAGE)} />}
    </>
  );
}

/** The text of a document as it was indexed. */
export function DocumentPanel({ name, document, onClose }: { name: string; document: string; onClose(): void }) {
  const { t } = useTranslation("knowledge");
  const query = useQuery({
    queryKey: [...KNOWLEDGE_KEY, name, "document", document],
    queryFn: ({ signal }) => api.knowledge.document(name, document, signal),
  });
  return (
    <SidePanel onClose={onClose} title={query.data?.title ?? "…"} className="w-[min(680px,100vw)]">
      <Loaded query={query} skeleton={<Skeleton className="h-64" />}>
        {(read) => (
          <>
            {read.error && (
              <Notice className="mb-4" tone={read.status === "failed" ? "bad" : "warn"}>
                {read.error}
              </Notice>
            )}
            {read.truncated && <Notice className="mb-4">{t("truncated")}</Notice>}
            <pre className="whitespace-pre-wrap break-words font-sans text-base leading-relaxed">{read.text}</pre>
          </>
        )}
      </Loaded>
    </SidePanel>
  );
}
