import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ExternalLink, KeyRound, Upload } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api.ts";
import { useGraph, useIssues, useSaving, useWorkbench } from "../state/use-workbench.ts";
import { Button } from "../ui/button.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Field } from "../ui/field.tsx";
import { Input, Textarea } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { type SnippetKind, snippet } from "./snippets.ts";

type Access = "private" | "link" | "public";

/** Publishing: an address, who may come, a note; then the calls to paste, with a key made here and shown once. */
export function PublishPanel() {
  const { t } = useTranslation("panels");
  const workbench = useWorkbench();
  const client = useQueryClient();
  const name = useGraph((graph) => graph.name);
  const errors = useIssues((issues) => issues.errors);
  const conflict = useSaving((state) => state.status.is === "conflict");
  const versions = useQuery({
    queryKey: ["versions", workbench.id],
    queryFn: ({ signal }) => api.agents.versions(workbench.id, signal),
  });
  const last = versions.data?.versions[0];
  const publication = versions.data?.publication;
  const [slug, setSlug] = useState<string>();
  const [note, setNote] = useState("");
  const [chosenAccess, setAccess] = useState<Access>();
  const [typedOrigins, setOrigins] = useState<string>();
  const access = chosenAccess ?? publication?.access ?? "private";
  const origins = typedOrigins ?? publication?.origins.join(" ") ?? "";
  const address = slug ?? last?.slug ?? suggestSlug(name);

  const publish = useMutation({
    async mutationFn() {
      if (!(await workbench.saver.flush())) throw new Error(t("publishUnsaved"));
      const sites = origins.split(/[\s,]+/).filter(Boolean);
      return api.agents.publish(workbench.id, {
        slug: address,
        ...(note.trim() ? { note: note.trim() } : {}),
        access,
        ...(sites.length ? { origins: sites } : {}),
      });
    },
    onSuccess() {
      setNote("");
      void client.invalidateQueries({ queryKey: ["versions", workbench.id] });
      void client.invalidateQueries({ queryKey: ["agents"] });
    },
  });
  const published =
    publish.data ?? (last ? { slug: last.slug, version: last.version, urls: urlsOf(last.slug) } : undefined);

  return (
    <div className="flex flex-col gap-4 p-4">
      <p className="text-ink-2">{t("publishHelp")}</p>
      {errors > 0 && (
        <Notice
          tone="bad"
          title={t("publishIssues", { count: errors })}
          actions={
            <Button size="sm" onClick={() => workbench.places.open("issues")}>
              {t("mend.issues", { ns: "canvas" })}
            </Button>
          }
        />
      )}
      <Field label={t("slug")} help={t("slugHelp")} error={address && !SLUG.test(address) ? t("slugFault") : undefined}>
        <Input mono value={address} onChange={(event) => setSlug(event.target.value)} />
      </Field>
      <Field label={t("access")} help={t(`accessHelp.${access}`)}>
        <Segmented<Access>
          label={t("access")}
          value={access}
          onChange={setAccess}
          options={[
            { value: "private", label: t("accesses.private") },
            { value: "link", label: t("accesses.link") },
            { value: "public", label: t("accesses.public") },
          ]}
        />
      </Field>
      {access !== "private" && (
        <Field label={t("origins")} help={t("originsHelp")} optional={t("optional", { ns: "common" })}>
          <Input
            mono
            placeholder="https://example.com"
            value={origins}
            onChange={(event) => setOrigins(event.target.value)}
          />
        </Field>
      )}
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
      {published && <Calls slug={published.slug} urls={published.urls} access={access} />}
    </div>
  );
}

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

function urlsOf(slug: string): Record<string, string> {
  const base = window.location.origin;
  return {
    runs: `${base}/v1/agents/${slug}/runs`,
    openai: `${base}/v1`,
    mcp: `${base}/mcp/${slug}`,
    chat: `${base}/chat/${slug}`,
  };
}

/** Calls to paste into a shell or a program. With a key made here they work as they stand. */
function Calls({ slug, urls, access }: { slug: string; urls: Record<string, string>; access: Access }) {
  const { t } = useTranslation("panels");
  const [kind, setKind] = useState<SnippetKind>("curl");
  const key = useMutation({
    mutationFn: () => api.keys.create({ name: t("keyName", { slug }), agents: [slug], rights: ["run", "answer"] }),
  });
  const secret = key.data?.key;
  const example = useGraph((graph) => graph.settings.suggestions[0]);
  return (
    <section className="flex flex-col gap-3 border-line border-t pt-4">
      <h2 className="font-medium">{t("callIt")}</h2>
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
        label={t("callIt")}
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
      {access !== "private" && urls.chat && (
        <a
          href={urls.chat}
          target="_blank"
          rel="noreferrer"
          className="inline-flex items-center gap-1.5 self-start rounded-sm text-accent hover:underline"
        >
          <ExternalLink size={14} aria-hidden />
          {t("openChat")}
        </a>
      )}
    </section>
  );
}
