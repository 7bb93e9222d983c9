import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, Ellipsis, RefreshCw, SlidersHorizontal, TextCursorInput, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { KnowledgeCard } from "../../../server/contract/knowledge.ts";
import { api } from "../../api/api.ts";
import { bytes } from "../../i18n/format.ts";
import { FormDialog } from "../../shell/form-dialog.tsx";
import { Page } from "../../shell/page.tsx";
import { Loaded, useErrorToast } from "../../shell/query-state.tsx";
import { UsedBy } from "../../shell/used-by.tsx";
import { Badge } from "../../ui/badge.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Input } from "../../ui/input.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Progress } from "../../ui/progress.tsx";
import { toast } from "../../ui/toast.tsx";
import { AddDocuments } from "./add-documents.tsx";
import { DocumentPanel, DocumentsTable } from "./documents-table.tsx";
import { EmbedderField, NO_EMBEDDER } from "./embedder-field.tsx";
import { SearchTest } from "./search-test.tsx";
import { isBusy, KNOWLEDGE_KEY, KNOWLEDGE_NAME, useDocuments } from "./use-knowledge.ts";

/** One knowledge base: its documents on the left, a search test on the right. */
export function KnowledgeDetail({ name }: { name: string }) {
  const { t } = useTranslation(["knowledge", "common"]);
  const [, go] = useLocation();
  const client = useQueryClient();
  const toastError = useErrorToast();
  const documents = useDocuments(name);
  const busy = documents.data?.filter(isBusy).length ?? 0;
  const card = useQuery({
    queryKey: [...KNOWLEDGE_KEY, name],
    queryFn: ({ signal }) => api.knowledge.get(name, signal),
    refetchInterval: busy > 0 ? 2000 : false,
  });
  const [open, setOpen] = useState<string>();
  const [asking, setAsking] = useState(false);
  const [changing, setChanging] = useState(false);
  const [renaming, setRenaming] = useState(false);
  const [task, setTask] = useState<string>();
  const remove = useMutation({
    mutationFn: () => api.knowledge.delete(name),
    onSuccess: () => {
      toast({ title: t("deleted", { name }) });
      go("/knowledge");
      void client.invalidateQueries({ queryKey: KNOWLEDGE_KEY });
    },
    onError: toastError,
  });
  const reindex = useMutation({
    mutationFn: () => api.knowledge.reindex(name),
    onSuccess: (started) => setTask(started.task),
    onError: toastError,
  });

  return (
    <Page
      wide
      crumbs={[{ label: t("title"), href: "/knowledge" }, { label: name }]}
      title={name}
      lead={card.data && <Facts card={card.data} />}
      actions={
        <Menu
          trigger={<IconButton icon={Ellipsis} label={t("more", { name })} />}
          items={[
            { label: t("rename"), icon: TextCursorInput, onSelect: () => setRenaming(true) },
            { label: t("reindex"), icon: RefreshCw, onSelect: () => reindex.mutate() },
            { label: t("changeEmbedder"), icon: SlidersHorizontal, onSelect: () => setChanging(true) },
            { label: t("export"), icon: Download, onSelect: () => window.open(api.knowledge.exportUrl(name), "_self") },
            "separator",
            { label: t("delete"), icon: Trash2, danger: true, onSelect: () => setAsking(true) },
          ]}
        />
      }
    >
      {task && <TaskProgress task={task} label={t("reindexing")} onDone={() => setTask(undefined)} />}
      <div className="grid grid-cols-[minmax(0,1fr)_minmax(320px,420px)] gap-8 max-lg:grid-cols-1">
        <div className="min-w-0">
          <AddDocuments name={name} />
          {busy > 0 && (
            <p role="status" className="mt-3 text-ink-2 text-sm">
              {t("indexingCount", { count: busy })}
            </p>
          )}
          <div className="mt-6">
            <Loaded query={documents}>
              {(list) => <DocumentsTable name={name} documents={list} onOpen={setOpen} />}
            </Loaded>
          </div>
        </div>
        <aside className="min-w-0 lg:sticky lg:top-8 lg:self-start">
          <SearchTest name={name} vectors={Boolean(card.data?.embedder)} onOpen={setOpen} />
          <UsedBy kind="knowledge" name={name} className="mt-8" />
        </aside>
      </div>
      {open && <DocumentPanel name={name} document={open} onClose={() => setOpen(undefined)} />}
      {renaming && (
        <Rename
          name={name}
          onClose={() => setRenaming(false)}
          onRenamed={(next) => go(`/knowledge/${encodeURIComponent(next)}`)}
        />
      )}
      {changing && card.data && (
        <ChangeEmbedder
          card={card.data}
          onClose={() => setChanging(false)}
          onStarted={(started) => {
            setChanging(false);
            setTask(started);
          }}
        />
      )}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t("deleteTitle", { name })}
        description={t("deleteLead")}
        confirm={t("common:delete")}
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        <UsedBy kind="knowledge" name={name} />
      </ConfirmDialog>
    </Page>
  );
}

function Facts({ card }: { card: KnowledgeCard }) {
  const { t } = useTranslation("knowledge");
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1 tnum">
      <span>{t("documents", { count: card.documents })}</span>
      <span>{t("passages", { count: card.chunks })}</span>
      <span>{bytes(card.bytes)}</span>
      <Badge tone={card.embedder ? "documents" : "neutral"}>
        {card.embedder ? `${t("hybridSearch")} · ${card.embedder}` : t("keywordSearch")}
      </Badge>
    </span>
  );
}

function Rename({ name, onClose, onRenamed }: { name: string; onClose(): void; onRenamed(next: string): void }) {
  const { t } = useTranslation(["knowledge", "common"]);
  const client = useQueryClient();
  const [next, setNext] = useState(name);
  const rename = useMutation({
    mutationFn: () => api.knowledge.rename(name, next.trim()),
    onSuccess: (card) => {
      void client.invalidateQueries({ queryKey: KNOWLEDGE_KEY });
      onClose();
      onRenamed(card.name);
    },
  });
  const invalid = !KNOWLEDGE_NAME.test(next.trim());
  return (
    <FormDialog
      side
      onClose={onClose}
      title={t("rename")}
      description={t("renameHelp")}
      submit={t("common:save")}
      mutation={rename}
      disabled={invalid || next.trim() === name}
      onSubmit={() => rename.mutate()}
    >
      <Field label={t("common:name")} error={invalid && t("nameError")}>
        <Input value={next} onChange={(event) => setNext(event.target.value)} />
      </Field>
    </FormDialog>
  );
}

function ChangeEmbedder({
  card,
  onClose,
  onStarted,
}: {
  card: KnowledgeCard;
  onClose(): void;
  onStarted(task: string): void;
}) {
  const { t } = useTranslation(["knowledge", "common"]);
  const [embedder, setEmbedder] = useState(card.embedder ?? NO_EMBEDDER);
  const change = useMutation({
    mutationFn: () => api.knowledge.reindex(card.name, { embedder: embedder === NO_EMBEDDER ? null : embedder }),
    onSuccess: ({ task }) => onStarted(task),
  });
  return (
    <FormDialog
      side
      onClose={onClose}
      title={t("changeEmbedder")}
      description={t("reindexHelp")}
      submit={t("reindex")}
      mutation={change}
      disabled={embedder === (card.embedder ?? NO_EMBEDDER)}
      onSubmit={() => change.mutate()}
    >
      <EmbedderField value={embedder} onChange={setEmbedder} />
    </FormDialog>
  );
}

/** The progress of a task until it ends. A failure stays visible with its reason. */
function TaskProgress({ task, label, onDone }: { task: string; label: string; onDone(): void }) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["tasks", task],
    queryFn: async ({ signal }) => {
      const found = await api.tasks.get(task, signal);
      if (found.status === "done" || found.status === "cancelled") {
        void client.invalidateQueries({ queryKey: KNOWLEDGE_KEY });
        onDone();
      }
      return found;
    },
    refetchInterval: 700,
  });
  if (query.data?.status === "failed")
    return (
      <Notice tone="bad" className="mb-5">
        {query.data.error?.message}
      </Notice>
    );
  const progress = query.data?.progress;
  return (
    <div className="mb-5 flex items-center gap-3">
      <span className="text-ink-2">{label}</span>
      <Progress
        className="flex-1"
        label={label}
        value={progress && progress.total > 0 ? progress.done / progress.total : undefined}
      />
      {progress && progress.total > 0 && (
        <span className="text-ink-3 text-sm tnum">
          {progress.done} / {progress.total}
        </span>
      )}
    </div>
  );
}
