import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ExternalLink, KeyRound, Upload, Zap } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { api } from "../api/api.ts";
import { useVersions } from "../hooks/use-versions.ts";
import { useGraph, useIssues, useSaving, useWorkbench } from "../hooks/use-workbench.ts";
import { Button } from "../ui/button.tsx";
import { CodeBlock, CopyButton } from "../ui/code-block.tsx";
import { Field } from "../ui/field.tsx";
import { Input, Textarea } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { AdmissionFields, useAdmission } from "./admission.tsx";
import { type SnippetKind, snippet } from "./snippets.ts";

/** Publishes a version: its address, access and note. Below: example calls, with a key that is shown once. */
export function PublishPanel() {
  const { t } = useTranslation("panels");
  const workbench = useWorkbench();
  const client = useQueryClient();
  const name = useGraph((graph) => graph.name);
  const errors = useIssues((issues) => issues.errors);
  const conflict = useSaving((state) => state.status.is === "conflict");
  const { versions, publication, urls } = useVersions(workbench.id).data ?? {};
  const last = versions?.[0];
  const [slug, setSlug] = useState<string>();
  const [note, setNote] = useState("");
  const admission = useAdmission(publication);
  const address = slug ?? last?.slug ?? suggestSlug(name);

  const publish = useMutation({
    async mutationFn() {
      if (!(await workbench.saver.flush())) throw new Error(t("publishUnsaved"));
      return api.agents.publish(workbench.id, {
        slug: address,
        live: true,
        ...(note.trim() ? { note: note.trim() } : {}),
        ...(publication ? {} : admission.current),
      });
    },
    onSuccess() {
      setNote("");
      void client.invalidateQueries({ queryKey: ["agents"] });
    },
  });
  return (
    <div className="flex flex-col gap-4 p-4">
      <p className="text-ink-2">{t("publishHelp")}</p>
      {errors > 0 && (
        <Notice
          tone="bad"
          title={t("publishIssues", { count: errors })}
          actions={
            <Button size="sm" onClick={() => workbench.panels.open("issues")}>
              {t("fix.issues", { ns: "canvas" })}
            </Button>
          }
        />
      )}
      <Field label={t("slug")} help={t("slugHelp")} error={address && !SLUG.test(address) ? t("slugError") : undefined}>
        <Input
          mono
          value={address}
          // Callers use the address from the first version on.
          disabled={publication !== undefined}
          onChange={(event) => setSlug(event.target.value)}
        />
      </Field>
      {!publication && <AdmissionFields admission={admission} slug={address} />}
      <Field label={t("versionNote")} optional={t("optional", { ns: "common" })}>
        <Textarea rows={2} value={note} onChange={(event) => setNote(event.target.value)} />
      </Field>
      <Button
        variant="solid"
        icon={Upload}
        busy={publish.isPending}
        disabled={errors > 0 || conflict || !SLUG.test(address)}
        onClick={() => publish.mutate()}
      >
        {t("publishVersion", { version: (last?.version ?? 0) + 1 })}
      </Button>
      {publish.error && <Notice tone="bad" title={publish.error.message} />}
      {publish.data && <Notice tone="ok" title={t("published", { version: publish.data.version })} />}
      {publication && urls && (
        <>
          <section className="flex flex-col gap-4 border-line border-t pt-4">
            <AdmissionFields admission={admission} slug={publication.slug} urls={urls} />
            <a href={urls.chat} target="_blank" rel="noreferrer" className={LINK}>
              <ExternalLink size={14} aria-hidden />
              {t("openChat")}
            </a>
          </section>
          <Calls slug={publication.slug} urls={urls} />
          <Link href={`/agents/${workbench.id}/triggers`} className={LINK}>
            <Zap size={14} aria-hidden />
            {t("triggersLink")}
          </Link>
        </>
      )}
    </div>
  );
}

const LINK = "inline-flex items-center gap-1.5 self-start rounded-sm text-accent hover:underline";
const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

function suggestSlug(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 48);
  return plain || "agent";
}

/** Example calls for a shell or a program. With a key created here they work unchanged. */
function Calls({ slug, urls }: { slug: string; urls: Record<string, string> }) {
  const { t } = useTranslation("panels");
  const [kind, setKind] = useState<SnippetKind>("curl");
  const key = useMutation({
    mutationFn: () => api.keys.create({ name: t("keyName", { slug }), agents: [slug], rights: ["run", "answer"] }),
  });
  const secret = key.data?.key;
  const example = useGraph((graph) => graph.settings.suggestions[0]);
  return (
    <section className="flex flex-col gap-3 border-line border-t pt-4">
      <h2 className="font-medium">{t("callAgent")}</h2>
      {secret ? (
        <Notice tone="ok" title={t("keyOnce")}>
          <code className="mt-1 block break-all rounded-sm bg-hover px-2 py-1 text-ink text-xs">{secret}</code>
        </Notice>
      ) : (
        <div className="flex items-center gap-3">
          <Button icon={KeyRound} busy={key.isPending} onClick={() => key.mutate()}>
            {t("makeKey")}
          </Button>
          <p className="min-w-0 flex-1 text-ink-3 text-sm">{t("makeKeyHelp")}</p>
        </div>
      )}
      {key.error && <Notice tone="bad" title={key.error.message} />}
      <Segmented<SnippetKind>
        size="sm"
        label={t("callAgent")}
        value={kind}
        onChange={setKind}
        options={[
          { value: "curl", label: "curl" },
          { value: "openai", label: "openai" },
          { value: "python", label: "Python" },
          { value: "mcp", label: "MCP" },
        ]}
      />
      <CodeBlock code={snippet(kind, { slug, urls, key: secret, message: example ?? t("exampleMessage") })} wrap />
      <details>
        <summary className="text-ink-2">{t("addresses")}</summary>
        <dl className="mt-2 flex flex-col gap-2">
          {(["runs", "openapi", "openai", "mcp", "a2a", "chat"] as const).map((one) => (
            <div key={one}>
              <dt className="text-ink-3 text-xs">{t(`addressOf.${one}`)}</dt>
              <dd className="flex items-center gap-1">
                <code className="min-w-0 flex-1 truncate text-sm">{addressOf(urls, one)}</code>
                <CopyButton text={addressOf(urls, one)} />
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}

function addressOf(urls: Record<string, string>, one: string): string {
  return one === "a2a" ? `${urls.a2a}/.well-known/agent-card.json` : (urls[one] ?? "");
}
