import { Download } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/api.ts";
import { bytes } from "../../i18n/format.ts";
import { Section } from "../../shell/page.tsx";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { download } from "../../ui/download.ts";
import { Field } from "../../ui/field.tsx";
import { Form } from "../../ui/form.tsx";
import { Input } from "../../ui/input.tsx";
import { Progress } from "../../ui/progress.tsx";
import { Checkbox } from "../../ui/switch.tsx";
import { toast } from "../../ui/toast.tsx";

/** The same limit as on the server. */
const MIN_PASSPHRASE = 12;

/** Creates a backup and downloads it. */
export function BackUp() {
  const { t } = useTranslation(["settings", "common"]);
  const [runs, setRuns] = useState(true);
  const [secrets, setSecrets] = useState(false);
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  /** Bytes received so far. */
  const [made, setMade] = useState<number>();
  const [error, setError] = useState<unknown>();
  const stop = useRef<AbortController>(undefined);
  const short = secrets && passphrase !== "" && passphrase.length < MIN_PASSPHRASE;
  const differs = secrets && again !== "" && again !== passphrase;
  const ready = !secrets || (passphrase.length >= MIN_PASSPHRASE && again === passphrase);

  async function make(): Promise<void> {
    const controller = new AbortController();
    stop.current = controller;
    setError(undefined);
    setMade(0);
    try {
      const { name, blob } = await api.backup.make(
        { runs, ...(secrets && { passphrase }) },
        (count) => setMade(count),
        controller.signal,
      );
      download(name, blob);
      toast({ title: t("backup.done", { size: bytes(blob.size) }) });
      setPassphrase("");
      setAgain("");
    } catch (thrown) {
      if (!controller.signal.aborted) setError(thrown);
    } finally {
      setMade(undefined);
    }
  }

  return (
    <Section title={t("backup.make")} lead={t("backup.makeLead")}>
      <Form
        className="flex max-w-xl flex-col items-start gap-4"
        onSubmit={() => {
          if (ready && made === undefined) void make();
        }}
      >
        <Checkbox checked={runs} onChange={setRuns}>
          {t("backup.runs")}
          <span className="block text-ink-3 text-sm">{t("backup.runsHelp")}</span>
        </Checkbox>
        <Checkbox checked={secrets} onChange={setSecrets}>
          {t("backup.secrets")}
          <span className="block text-ink-3 text-sm">{t("backup.secretsHelp")}</span>
        </Checkbox>
        {secrets && (
          <div className="grid w-full grid-cols-2 gap-3 pl-6 max-md:grid-cols-1">
            <Field
              label={t("backup.passphrase")}
              error={short && t("backup.passphraseShort", { count: MIN_PASSPHRASE })}
            >
              <Input
                type="password"
                autoComplete="new-password"
                value={passphrase}
                onChange={(event) => setPassphrase(event.target.value)}
              />
            </Field>
            <Field label={t("backup.again")} error={differs && t("backup.passphraseDiffers")}>
              <Input
                type="password"
                autoComplete="new-password"
                value={again}
                onChange={(event) => setAgain(event.target.value)}
              />
            </Field>
          </div>
        )}
        {made === undefined ? (
          <Button type="submit" variant="solid" icon={Download} disabled={!ready}>
            {t("backup.button")}
          </Button>
        ) : (
          <div className="flex w-full items-center gap-4">
            <div className="min-w-0 flex-1">
              <p className="mb-1.5 text-ink-2 text-sm tnum" aria-live="polite">
                {t("backup.making", { size: bytes(made) })}
              </p>
              <Progress label={t("backup.make")} />
            </div>
            <Button onClick={() => stop.current?.abort()}>{t("common:cancel")}</Button>
          </div>
        )}
        {error !== undefined && <ErrorNotice error={error} className="w-full" />}
      </Form>
    </Section>
  );
}
