import { ShieldCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { McpServerCard } from "../../../server/contract/mcp-server.ts";
import { Badge } from "../../ui/badge.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Checkbox } from "../../ui/switch.tsx";

/** The command to approve, one argument per line, so that spaces cannot hide anything. */
export function ExactCommand({ server }: { server: McpServerCard }) {
  const { t } = useTranslation("tools");
  return (
    <dl className="overflow-hidden rounded-lg border border-line bg-surface">
      {server.transport === "stdio" ? (
        <>
          <Part name={t("mcp.command")}>
            <ol aria-label={t("mcp.commandParts")} className="flex flex-col gap-1">
              {server.argv?.map((part, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: arguments keep their order
                <li key={index} className="flex gap-2.5">
                  <span aria-hidden className="w-4 shrink-0 text-right text-ink-3 text-xs leading-5 tnum">
                    {index + 1}
                  </span>
                  <code className="whitespace-pre-wrap break-all">{part}</code>
                </li>
              ))}
            </ol>
          </Part>
          <Part name={t("mcp.folder")}>
            {server.cwd ? <code className="break-all">{server.cwd}</code> : t("mcp.folderNone")}
          </Part>
          <Part name={t("mcp.env")}>
            <Variables variables={server.env} />
          </Part>
        </>
      ) : (
        <>
          <Part name={t("mcp.address")}>
            <code className="break-all">{server.url}</code>
          </Part>
          <Part name={t("mcp.headers")}>
            <Names names={server.headerNames} />
          </Part>
        </>
      )}
    </dl>
  );
}

function Part({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="grid grid-cols-[96px_1fr] gap-3 border-line border-b px-3.5 py-2.5 last:border-b-0">
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

/** Each variable with its value; the value of a secret is not shown. */
function Variables({ variables }: { variables: McpServerCard["env"] }) {
  const { t } = useTranslation("tools");
  if (!variables?.length) return <span className="text-ink-3">{t("mcp.nothing")}</span>;
  return (
    <ul aria-label={t("mcp.env")} className="flex flex-col gap-1">
      {variables.map(({ name, value, unknown }) => (
        <li key={name}>
          <code className="whitespace-pre-wrap break-all">
            {name}={value ?? <span className="font-sans text-ink-3">{t("mcp.secretValue")}</span>}
          </code>
          {unknown && (
            <Badge tone="warn" className="ml-2">
              {t("mcp.unknownVariable")}
            </Badge>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Variables outside the list of known names. */
export function unknownVariables(server: McpServerCard): string[] {
  return (server.env ?? []).filter((variable) => variable.unknown).map((variable) => variable.name);
}

/** The second yes: for variables that may change which code the command runs. */
export function ConfirmVariables({
  server,
  checked,
  onChange,
}: {
  server: McpServerCard;
  checked: boolean;
  onChange(checked: boolean): void;
}) {
  const { t } = useTranslation("tools");
  const names = unknownVariables(server);
  if (server.status !== "needs-approval" || names.length === 0) return null;
  return (
    <Notice tone="warn" title={t("mcp.confirmTitle")}>
      <p className="mb-2">{t("mcp.confirmLead")}</p>
      <Checkbox checked={checked} onChange={onChange}>
        {t("mcp.confirm", { names: names.join(", ") })}
      </Checkbox>
    </Notice>
  );
}

function Names({ names }: { names?: string[] }) {
  const { t } = useTranslation("tools");
  if (!names?.length) return <span className="text-ink-3">{t("mcp.nothing")}</span>;
  return (
    <span className="flex flex-wrap gap-1.5">
      {names.map((name) => (
        <code key={name} className="rounded-xs bg-hover px-1.5">
          {name}
        </code>
      ))}
    </span>
  );
}

/** The text above the command: what approving it means. */
export function ApprovalWords({ server }: { server: McpServerCard }) {
  const { t } = useTranslation("tools");
  return (
    <>
      {server.status === "needs-review" && (
        <Notice tone="warn" title={t("mcp.reviewLead")}>
          {server.message}
        </Notice>
      )}
      <p className="flex gap-2.5">
        <ShieldCheck size={16} aria-hidden className="mt-0.5 text-ink-2" />
        <span>{server.transport === "stdio" ? t("mcp.approveStdio") : t("mcp.approveHttp")}</span>
      </p>
    </>
  );
}
