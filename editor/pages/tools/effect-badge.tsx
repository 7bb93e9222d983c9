import { Eye, Globe, PenLine } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Effect } from "../../../runtime/tool.ts";
import { Badge } from "../../ui/badge.tsx";

const LOOK = {
  read: { icon: Eye, tone: "neutral" },
  write: { icon: PenLine, tone: "warn" },
  outside: { icon: Globe, tone: "tools" },
} as const;

/** The effect of a tool: read, write or outside. */
export function EffectBadge({ effect }: { effect: Effect }) {
  const { t } = useTranslation("tools");
  const { icon, tone } = LOOK[effect];
  return (
    <Badge tone={tone} icon={icon} title={t(`effectHelp.${effect}`)}>
      {t(`effect.${effect}`)}
    </Badge>
  );
}
