import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { UseQuery, Uses } from "../../server/contract/use.ts";
import { api } from "../api/api.ts";
import { Badge } from "../ui/badge.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { ErrorNotice } from "./query-state.tsx";

/** Which agents and other parts use a thing, each as a link. */
export function UsedBy({ kind, name, className }: UseQuery & { className?: string }) {
  const { t } = useTranslation("common");
  const uses = useQuery({
    queryKey: ["uses", kind, name],
    queryFn: ({ signal }) => api.uses({ kind, name }, signal),
    // Agents change in other places, so a list from before is not shown as if it were true.
    staleTime: 0,
    gcTime: 0,
  });
  return (
    <section className={className} aria-label={t("usedBy.title")}>
      <h3 className="font-medium text-ink-2 text-sm">{t("usedBy.title")}</h3>
      {uses.isPending && <Spinner />}
      {uses.isError && <ErrorNotice error={uses.error} onRetry={() => void uses.refetch()} />}
      {uses.data && <UseList uses={uses.data} />}
    </section>
  );
}

function UseList({ uses }: { uses: Uses }) {
  const { t } = useTranslation("common");
  const lines: { key: string; link: ReactNode; detail?: ReactNode }[] = [
    ...uses.agents.map(({ id, name, draft, versions }) => ({
      key: `agent ${id}`,
      link: <UseLink href={`/agents/${encodeURIComponent(id)}`}>{name}</UseLink>,
      detail: (
        <>
          {draft && <Badge>{t("usedBy.draft")}</Badge>}
          {versions.map((version) => (
            <Badge key={version} tone="ok">
              {t("usedBy.version", { version })}
            </Badge>
          ))}
        </>
      ),
    })),
    ...uses.tools.map((name) => ({
      key: `tool ${name}`,
      link: <UseLink href={`/tools?tool=${encodeURIComponent(name)}`}>{name}</UseLink>,
      detail: t("usedBy.tool"),
    })),
    ...uses.providers.map((name) => ({
      key: `provider ${name}`,
      link: <UseLink href="/models">{name}</UseLink>,
      detail: t("usedBy.provider"),
    })),
    ...uses.servers.map((name) => ({
      key: `server ${name}`,
      link: <UseLink href="/tools/servers">{name}</UseLink>,
      detail: t("usedBy.server"),
    })),
    ...uses.knowledge.map((name) => ({
      key: `knowledge ${name}`,
      link: <UseLink href={`/knowledge/${encodeURIComponent(name)}`}>{name}</UseLink>,
      detail: t("usedBy.knowledge"),
    })),
    ...uses.defaults.map((which) => ({
      key: which,
      link: <UseLink href="/models">{t(`usedBy.defaults.${which}`)}</UseLink>,
    })),
  ];
  if (lines.length === 0) return <p className="text-ink-3 text-sm">{t("usedBy.none")}</p>;
  return (
    <ul className="mt-1 flex max-h-48 flex-col gap-1 overflow-y-auto">
      {lines.map(({ key, link, detail }) => (
        <li key={key} className="flex flex-wrap items-center gap-x-2 text-ink-3 text-sm">
          {link}
          {detail}
        </li>
      ))}
    </ul>
  );
}

function UseLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link href={href} className="rounded-sm text-accent hover:underline">
      {children}
    </Link>
  );
}
