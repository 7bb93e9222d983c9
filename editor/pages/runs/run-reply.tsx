import { useTranslation } from "react-i18next";
import type { Grounding, RunOutput } from "../../../runtime/event.ts";
import type { Document } from "../../../runtime/message.ts";
import { modelName } from "../../../runtime/model-name.ts";
import { Answer } from "../../panels/reply.tsx";
import { Badge } from "../../ui/badge.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";

/** The reply of a run with its citations, and its sources below. */
export function RunReply({
  output,
  documents,
  grounding,
}: {
  output: RunOutput;
  documents: Document[];
  grounding?: Grounding;
}) {
  const { t } = useTranslation("runs");
  const { reply } = output;
  return (
    <div className="flex flex-col gap-3">
      {typeof reply === "string" ? (
        <Answer text={reply} documents={documents} />
      ) : (
        <CodeBlock code={JSON.stringify(reply, null, 2)} wrap />
      )}
      {grounding && <GroundingList grounding={grounding} />}
      {grounding?.claim && <Badge tone="bad">{t("page.claim", { claim: grounding.claim })}</Badge>}
    </div>
  );
}

/** The sources of a reply: cited documents and the tools that returned a result, or a note that there are none. */
function GroundingList({ grounding }: { grounding: Grounding }) {
  const { t } = useTranslation(["runs", "panels"]);
  if (grounding.documents.length === 0 && grounding.tools.length === 0)
    return (
      <div>
        <Badge tone="warn" title={t("page.noSourcesHelp")}>
          {t("panels:noSourcesBadge")}
        </Badge>
      </div>
    );
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <span className="mr-0.5 text-ink-3 text-sm">{t("page.sources")}</span>
      {grounding.documents.map((document) => (
        <Badge key={document.id} tone="documents">
          {document.number} {document.title}
        </Badge>
      ))}
      {grounding.tools.map((tool) => (
        <Badge key={tool} tone="tools">
          {modelName(tool)}
        </Badge>
      ))}
    </div>
  );
}
