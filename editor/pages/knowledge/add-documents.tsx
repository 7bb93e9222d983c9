import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FolderUp, Globe, Type } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/api.ts";
import { FormDialog } from "../../shell/form-dialog.tsx";
import { useErrorWords } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { DropZone } from "../../ui/drop-zone.tsx";
import { Field } from "../../ui/field.tsx";
import { Input, Textarea } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Progress } from "../../ui/progress.tsx";
import { KNOWLEDGE_KEY } from "./use-knowledge.ts";
import { useUploads } from "./use-uploads.ts";

/**
 * Adds documents: dropped or chosen files and folders, pasted text, or a web page. Shows progress and rejected files.
 */
export function AddDocuments({ name }: { name: string }) {
  const { t } = useTranslation("knowledge");
  const words = useErrorWords();
  const { uploads, add, stop, dismiss } = useUploads(name, words);
  const [panel, setPanel] = useState<"text" | "url">();
  const folder = useRef<HTMLInputElement>(null);
  return (
    <>
      <DropZone title={t("drop")} hint={t("dropHint")} onFiles={add}>
        <div className="flex flex-wrap justify-center gap-1 border-line border-t px-3 py-2">
          <Button size="sm" variant="ghost" icon={FolderUp} onClick={() => folder.current?.click()}>
            {t("chooseFolder")}
          </Button>
          <Button size="sm" variant="ghost" icon={Type} onClick={() => setPanel("text")}>
            {t("pasteText")}
          </Button>
          <Button size="sm" variant="ghost" icon={Globe} onClick={() => setPanel("url")}>
            {t("addUrl")}
          </Button>
          <input
            ref={folder}
            type="file"
            multiple
            className="hidden"
            aria-label={t("chooseFolder")}
            {...{ webkitdirectory: "" }}
            onChange={(event) => {
              add(
                [...(event.target.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name })),
              );
              event.target.value = "";
            }}
          />
        </div>
      </DropZone>
      <div aria-live="polite" className="empty:hidden">
        {uploads.running && (
          <div className="mt-3 flex items-center gap-3">
            <Progress
              value={uploads.done / uploads.total}
              label={t("uploading", { done: uploads.done, total: uploads.total })}
              className="flex-1"
            />
            <span className="text-ink-2 text-sm tnum">
              {t("uploading", { done: uploads.done, total: uploads.total })}
            </span>
            <Button size="sm" variant="ghost" onClick={stop}>
              {t("stop")}
            </Button>
          </div>
        )}
        {uploads.refused.length > 0 && (
          <Notice
            tone="warn"
            className="mt-3"
            title={t("refused", { count: uploads.refused.length })}
            actions={
              !uploads.running && (
                <Button size="sm" onClick={dismiss}>
                  {t("dismiss")}
                </Button>
              )
            }
          >
            <ul className="flex max-h-40 flex-col gap-0.5 overflow-y-auto">
              {uploads.refused.map((one) => (
                <li key={one.path}>
                  <span className="font-mono text-sm">{one.path}</span> {one.reason}
                </li>
              ))}
            </ul>
          </Notice>
        )}
      </div>
      {panel && <TextPanel name={name} kind={panel} onClose={() => setPanel(undefined)} />}
    </>
  );
}

function TextPanel({ name, kind, onClose }: { name: string; kind: "text" | "url"; onClose(): void }) {
  const { t } = useTranslation(["knowledge", "common"]);
  const client = useQueryClient();
  const [title, setTitle] = useState("");
  const [text, setText] = useState("");
  const [url, setUrl] = useState("https://");
  const badUrl = kind === "url" && url.length > 8 && !/^https?:\/\/\S+\.\S/.test(url);
  const ready =
    kind === "url"
      ? /^https?:\/\/\S+/.test(url) && !badUrl && url.length > 8
      : title.trim() !== "" && text.trim() !== "";
  const add = useMutation({
    mutationFn: () => api.knowledge.addText(name, kind === "url" ? { url: url.trim() } : { title: title.trim(), text }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: KNOWLEDGE_KEY });
      onClose();
    },
  });
  return (
    <FormDialog
      side
      onClose={onClose}
      title={kind === "url" ? t("addUrl") : t("addText")}
      submit={t("common:add")}
      mutation={add}
      disabled={!ready}
      onSubmit={() => add.mutate()}
    >
      {kind === "url" ? (
        <Field label={t("url")} help={t("urlHelp")} error={badUrl && t("urlError")}>
          <Input value={url} onChange={(event) => setUrl(event.target.value)} inputMode="url" mono />
        </Field>
      ) : (
        <>
          <Field label={t("column.title")}>
            <Input value={title} onChange={(event) => setTitle(event.target.value)} />
          </Field>
          <Field label={t("text")}>
            <Textarea value={text} onChange={(event) => setText(event.target.value)} rows={16} />
          </Field>
        </>
      )}
    </FormDialog>
  );
}
