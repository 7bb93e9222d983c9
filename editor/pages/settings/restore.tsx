import { useQueryClient } from "@tanstack/react-query";
import { FileArchive, X } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { RestoreReport } from "../../../server/contract/backup.ts";
import { ApiError, api } from "../../api/api.ts";
import { bytes, dateTime, number } from "../../i18n/format.ts";
import { Section } from "../../shell/page.tsx";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { DropZone } from "../../ui/drop-zone.tsx";
import { Field } from "../../ui/field.tsx";
import { Form } from "../../ui/form.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Progress } from "../../ui/progress.tsx";
import { Checkbox } from "../../ui/switch.tsx";

/** Restores a backup and shows the result. */
export function Restore() {
  const { t } = useTranslation(["settings", "common"]);
  const client = useQueryClient();
  const [file, setFile] = useState<File>();
  const [merge, setMerge] = useState(false);
  const [passphrase, setPassphrase] = useState("");
  const [withoutSecrets, setWithoutSecrets] = useState(false);
  /** The share of the file that is uploaded, 0 to 1, during a restore. */
  const [sent, setSent] = useState<number>();
  const [error, setError] = useState<unknown>();
  const [report, setReport] = useState<RestoreReport>();
  const stop = useRef<AbortController>(undefined);
  const asksPassphrase =
    error instanceof ApiError && (error.path === "/passphrase" || (error.status === 403 && error.code === "forbidden"));

  function choose(chosen: File | undefined): void {
    setFile(chosen);
    setError(undefined);
    setReport(undefined);
    setPassphrase("");
  }

  async function restore(chosen: File): Promise<void> {
    const controller = new AbortController();
    stop.current = controller;
    setError(undefined);
    setSent(0);
    try {
      const options = { merge, withoutSecrets, ...(passphrase && !withoutSecrets && { passphrase }) };
      const result = await api.backup.restore(chosen, options, setSent, controller.signal);
      choose(undefined);
      setReport(result);
      await client.invalidateQueries();
    } catch (thrown) {
      if (!controller.signal.aborted) setError(thrown);
    } finally {
      setSent(undefined);
    }
  }

  return (
    <Section title={t("restore.title")} lead={t("restore.lead")}>
      <div className="flex max-w-xl flex-col gap-4">
        {!file && (
          <DropZone
            compact
            icon={FileArchive}
            accept=".gz,application/gzip"
            title={t("restore.choose")}
            hint={t("restore.chooseHint")}
            onFiles={([first]) => choose(first?.file)}
          />
        )}
        {file && (
          <Form
            className="flex flex-col items-start gap-4 rounded-xl border border-line bg-surface p-4"
            onSubmit={() => {
              if (sent === undefined) void restore(file);
            }}
          >
            <div className="flex w-full items-center gap-2.5">
              <FileArchive size={16} aria-hidden className="text-ink-2" />
              <span className="min-w-0 flex-1 truncate font-medium">{file.name}</span>
              <span className="text-ink-3 text-sm tnum">{bytes(file.size)}</span>
              {sent === undefined && (
                <IconButton
                  icon={X}
                  size="sm"
                  side="left"
                  label={t("restore.other")}
                  onClick={() => choose(undefined)}
                />
              )}
            </div>
            <Checkbox checked={merge} onChange={setMerge} disabled={sent !== undefined}>
              {t("restore.merge")}
              <span className="block text-ink-3 text-sm">{t("restore.mergeHelp")}</span>
            </Checkbox>
            <Checkbox checked={withoutSecrets} onChange={setWithoutSecrets} disabled={sent !== undefined}>
              {t("restore.withoutSecrets")}
            </Checkbox>
            {!withoutSecrets && (
              <Field label={t("restore.passphrase")} help={t("restore.passphraseHelp")} className="w-full max-w-xs">
                <Input
                  type="password"
                  autoComplete="off"
                  value={passphrase}
                  disabled={sent !== undefined}
                  onChange={(event) => setPassphrase(event.target.value)}
                />
              </Field>
            )}
            {sent === undefined ? (
              <Button type="submit" variant="solid">
                {t("restore.title")}
              </Button>
            ) : (
              <div className="flex w-full items-center gap-4">
                <div className="min-w-0 flex-1">
                  <p className="mb-1.5 text-ink-2 text-sm" aria-live="polite">
                    {sent < 1 ? t("restore.sending") : t("restore.reading")}
                  </p>
                  <Progress label={t("restore.title")} {...(sent < 1 && { value: sent })} />
                </div>
                <Button onClick={() => stop.current?.abort()}>{t("common:cancel")}</Button>
              </div>
            )}
            {error !== undefined &&
              (asksPassphrase ? (
                <Notice tone="warn" title={t(passphrase ? "restore.wrongPassphrase" : "restore.needsPassphrase")} />
              ) : (
                <ErrorNotice error={error} className="w-full" />
              ))}
          </Form>
        )}
        {report && <Restored report={report} />}
      </div>
    </Section>
  );
}

/** Record types that have a name in the UI; records that belong to them are counted with them. */
const SHOWN = [
  "agent",
  "agent-version",
  "knowledge",
  "knowledge-document",
  "tool",
  "mcp-server",
  "provider",
  "trigger",
  "key",
] as const;

function Restored({ report }: { report: RestoreReport }) {
  const { t } = useTranslation("settings");
  const counts = [
    ...SHOWN.map((kind) => [t(`restore.kinds.${kind}`), report.added[kind] ?? 0] as const),
    [t("restore.kinds.file"), report.files] as const,
    [t("restore.kinds.run"), report.runs] as const,
    [t("restore.kinds.secret"), report.secrets] as const,
  ].filter(([, count]) => count > 0);
  return (
    <Notice tone="ok" title={t("restore.done", { date: dateTime(report.createdAt) })}>
      {counts.length > 0 ? (
        <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5">
          {counts.map(([name, count]) => (
            <div key={name} className="contents">
              <dt>{name}</dt>
              <dd className="tnum">{number(count)}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p>{t("restore.nothingNew")}</p>
      )}
      {report.toApprove.length > 0 && (
        <p className="mt-2">
          {t("restore.toApprove", { names: report.toApprove.join(", ") })}{" "}
          <Link href="/tools/servers" className="rounded-sm text-accent underline underline-offset-2">
            {t("restore.approve")}
          </Link>
        </p>
      )}
      {report.conflicts.length > 0 && (
        <>
          <p className="mt-2 font-medium text-ink">{t("restore.leftOut", { count: report.conflicts.length })}</p>
          <ul className="mt-1 list-disc pl-5">
            {report.conflicts.map(({ kind, id, name }) => (
              <li key={`${kind} ${id}`}>
                {name} <span className="text-ink-3">({kind})</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Notice>
  );
}
