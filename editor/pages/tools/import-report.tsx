import { useState } from "react";
import { useTranslation } from "react-i18next";
import { missingSecrets } from "../../../runtime/tool.ts";
import type { ToolImportReport } from "../../../server/contract/tool.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { MissingSecrets } from "./missing-secrets.tsx";
import { useTools } from "./use-tools.ts";

type Result = ToolImportReport["report"][number]["result"];
const TONE: Record<Result, Tone> = { imported: "ok", simplified: "warn", "left-out": "bad" };

/** The result of an import for each operation: imported, simplified, or left out with the reason. */
export function ImportReportView({ result }: { result: ToolImportReport }) {
  const { t } = useTranslation(["tools", "common"]);
  const tools = useTools();
  const made = new Set(result.tools.map((tool) => tool.name));
  // As the library has them now: a secret that was set in the meantime is not missing.
  const open = [
    ...new Set((tools.data ?? []).filter((tool) => made.has(tool.name)).flatMap((tool) => missingSecrets(tool.needs))),
  ];
  const [only, setOnly] = useState<Result | "all">("all");
  const word = (one: Result) => (one === "left-out" ? t("import.leftOut") : t(`import.${one}`));
  const count = (one: Result) => result.report.filter((line) => line.result === one).length;
  const rows = result.report.filter((line) => only === "all" || line.result === only);
  return (
    <>
      <Notice
        tone={result.tools.length > 0 ? "ok" : "warn"}
        title={result.tools.length > 0 ? t("import.reportTitle", { count: result.tools.length }) : t("import.nothing")}
      />
      <MissingSecrets names={open} />
      {result.report.length > 0 && (
        <>
          <Segmented
            label={t("import.only")}
            value={only}
            onChange={setOnly}
            size="sm"
            className="self-start"
            options={[
              { value: "all", label: `${t("common:all")} ${result.report.length}` },
              ...(["imported", "simplified", "left-out"] as const)
                .filter((one) => count(one) > 0)
                .map((one) => ({ value: one, label: `${word(one)} ${count(one)}` })),
            ]}
          />
          <Table label={t("import.report")} className="max-h-[55vh] overflow-y-auto">
            <Head>
              <HeadCell>{t("import.report")}</HeadCell>
              <HeadCell end />
            </Head>
            <tbody>
              {rows.map((line) => (
                <Row key={line.operation}>
                  <Cell>
                    <span className="font-mono text-sm">{line.operation}</span>
                    {line.reason && <span className="mt-0.5 block text-ink-2 text-sm">{line.reason}</span>}
                  </Cell>
                  <Cell end className="align-top">
                    <Badge tone={TONE[line.result]}>{word(line.result)}</Badge>
                  </Cell>
                </Row>
              ))}
            </tbody>
          </Table>
        </>
      )}
    </>
  );
}
