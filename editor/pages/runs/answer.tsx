import { useTranslation } from "react-i18next";
import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";
import type { Rests, RunOutput } from "../../../runtime/event.ts";
import { modelName } from "../../../runtime/tool.ts";
import { Badge } from "../../ui/badge.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";

/** An answer's text as Markdown; raw HTML in it stays text, and links say where they go. */
export function AnswerText({ text }: { text: string }) {
  return (
    <div className="prose-answer">
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        components={{
          a: ({ href, children }) => (
            <a href={href} target="_blank" rel="noreferrer" title={href}>
              {children}
            </a>
          ),
          // A picture from an answer would call home: its address is shown instead.
          img: ({ src, alt }) => <code>{alt || String(src ?? "")}</code>,
        }}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
}

export function Answer({ output, rests }: { output: RunOutput; rests?: Rests }) {
  const { t } = useTranslation("runs");
  const { reply } = output;
  return (
    <div className="flex flex-col gap-3">
      {typeof reply === "string" ? (
        <AnswerText text={reply} />
      ) : (
        <CodeBlock code={JSON.stringify(reply, null, 2)} wrap />
      )}
      {rests && <RestsOn rests={rests} />}
      {rests?.claim && <Badge tone="bad">{t("page.claim", { claim: rests.claim })}</Badge>}
    </div>
  );
}

/** What the answer rests on: the documents it cites and the tools that answered; or that it rests on nothing. */
function RestsOn({ rests }: { rests: Rests }) {
  const { t } = useTranslation("runs");
  if (rests.documents.length === 0 && rests.tools.length === 0)
    return (
      <div>
        <Badge tone="warn" title={t("page.restsHelp")}>
          {t("page.restsOnNothing")}
        </Badge>
      </div>
    );
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <span className="mr-0.5 text-ink-3 text-sm">{t("page.sources")}</span>
      {rests.documents.map((document) => (
        <Badge key={document.id} tone="documents">
          {document.number} {document.title}
        </Badge>
      ))}
      {rests.tools.map((tool) => (
        <Badge key={tool} tone="tools">
          {modelName(tool)}
        </Badge>
      ))}
    </div>
  );
}
