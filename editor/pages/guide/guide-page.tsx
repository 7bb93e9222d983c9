import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { Link } from "wouter";
import { Page } from "../../shell/page.tsx";
import { Loaded } from "../../shell/query-state.tsx";
import { cx } from "../../ui/cx.ts";
import { NotFoundPage } from "../not-found.tsx";
import { GUIDES, isGuide } from "./guides.ts";

/** Bundled, so that the guides work offline and always match this version. */
const texts = import.meta.glob<string>("../../../docs/*.md", { query: "?raw", import: "default" });
const pictures = import.meta.glob<string>("../../../docs/images/*.webp", {
  query: "?url",
  import: "default",
  eager: true,
});

/** One guide of `docs/`, beside the list of all guides. */
export function GuidePage({ name = GUIDES[0] }: { name?: string }) {
  const { t, i18n } = useTranslation("guide");
  const text = useQuery({
    queryKey: ["guide", name],
    queryFn: () => texts[`../../../docs/${name}.md`]!(),
    enabled: isGuide(name),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!isGuide(name)) return <NotFoundPage />;
  return (
    <Page
      crumbs={[{ label: t("title"), href: "/docs" }, { label: t(`names.${name}`) }]}
      title={t(`names.${name}`)}
      {...(i18n.language === "zh" && { lead: t("english") })}
    >
      <div className="flex gap-10 max-md:flex-col">
        <nav aria-label={t("title")} className="w-44 shrink-0">
          <ul className="sticky top-0 flex flex-col gap-0.5">
            {GUIDES.map((one) => (
              <li key={one}>
                <Link
                  href={`/docs/${one}`}
                  aria-current={one === name ? "page" : undefined}
                  className={cx(
                    "block rounded-md px-2.5 py-1.5",
                    one === name ? "bg-accent-soft font-medium text-accent" : "text-ink-2 hover:bg-hover",
                  )}
                >
                  {t(`names.${one}`)}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <article lang="en" className="prose-answer min-w-0 max-w-[74ch] flex-1">
          <Loaded query={text}>{(markdown) => <Guide markdown={markdown} />}</Loaded>
        </article>
      </div>
    </Page>
  );
}

function Guide({ markdown }: { markdown: string }) {
  return (
    <Markdown
      remarkPlugins={[remarkGfm]}
      components={{
        // The page shows it as its own heading.
        h1: () => null,
        a: ({ href = "", children }) => <GuideLink href={href}>{children}</GuideLink>,
        img: ({ src, alt = "" }) => (
          <img
            src={pictures[`../../../docs/${src}`]}
            alt={alt}
            loading="lazy"
            className="my-2 rounded-lg border border-line"
          />
        ),
        table: ({ children }) => (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
          <div className="overflow-x-auto" tabIndex={0}>
            <table>{children}</table>
          </div>
        ),
        // The empty corner cell of a table is not a heading.
        th: ({ children }) => (children ? <th>{children}</th> : <td />),
        pre: ({ children }) => (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
          <pre tabIndex={0}>{children}</pre>
        ),
      }}
    >
      {markdown}
    </Markdown>
  );
}

/** Links between guides work; a project file that is not a guide is named but not linked. */
function GuideLink({ href, children }: { href: string; children: ReactNode }) {
  const guide = /^([a-z-]+)\.md(?:#.*)?$/.exec(href)?.[1];
  if (guide !== undefined && isGuide(guide)) return <Link href={`/docs/${guide}`}>{children}</Link>;
  if (/^https?:\/\//.test(href))
    return (
      <a href={href} target="_blank" rel="noreferrer noopener">
        {children}
      </a>
    );
  return <>{children}</>;
}
