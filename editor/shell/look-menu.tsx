import { Contrast, Languages, Monitor, Moon, Sun } from "lucide-react";
import { useTranslation } from "react-i18next";
import { setLanguage } from "../i18n/index.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Menu } from "../ui/menu.tsx";
import { setLook, shownTheme, useLook } from "../ui/theme.ts";

/** Theme and language, one click from everywhere. */
export function LookMenu() {
  const { t, i18n } = useTranslation("shell");
  const theme = useLook((state) => state.theme);
  const contrast = useLook((state) => state.contrast);
  return (
    <Menu
      side="right"
      align="end"
      trigger={
        <IconButton
          icon={shownTheme() === "dark" ? Moon : Sun}
          label={t("themeAndLanguage")}
          side="right"
          className="size-9"
        />
      }
      items={[
        {
          label: t("themeSystem"),
          icon: Monitor,
          checked: theme === "system",
          onSelect: () => setLook({ theme: "system" }),
        },
        { label: t("themeLight"), icon: Sun, checked: theme === "light", onSelect: () => setLook({ theme: "light" }) },
        { label: t("themeDark"), icon: Moon, checked: theme === "dark", onSelect: () => setLook({ theme: "dark" }) },
        {
          label: t("contrastMore"),
          icon: Contrast,
          checked: contrast === "more",
          onSelect: () => setLook({ contrast: contrast === "more" ? "normal" : "more" }),
        },
        "separator",
        { label: "English", icon: Languages, checked: i18n.language === "en", onSelect: () => setLanguage("en") },
        { label: "中文", icon: Languages, checked: i18n.language === "zh", onSelect: () => setLanguage("zh") },
      ]}
    />
  );
}
