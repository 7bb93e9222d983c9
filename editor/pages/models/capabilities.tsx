import { useTranslation } from "react-i18next";
import type { ModelProfile } from "../../../runtime/model.ts";
import { contextSize } from "../../i18n/format.ts";

/** What a model can do, in plain words separated by middle dots. */
export function Capabilities({ profile }: { profile: ModelProfile }) {
  const { t } = useTranslation("models");
  const words = [
    profile.nativeTools ? t("capability.tools") : t("capability.toolsByPrompt", { format: profile.format }),
    profile.vision && t("capability.vision"),
    profile.structured && t("capability.structured"),
    t("capability.context", { size: contextSize(profile.contextTokens) }),
  ].filter(Boolean);
  return <span className="text-ok">{words.join(" · ")}</span>;
}
