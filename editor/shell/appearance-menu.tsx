import { Contrast, Languages, Monitor, Moon, Sun } from "lucide-react";
import { useTranslation } from "react-i18next";
import { setLanguage } from "../i18n/index.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Menu } from "../ui/menu.tsx";
import { setPreferences, shownTheme, usePreferences } from "../ui/theme.ts";

/** Theme and language. */
export function AppearanceMenu() {
  const { t, i18n } = useTranslation("shell");
  const theme = usePreferences((state) => state.theme);
  const contrast = usePreferences((state) => state.contrast);
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
          onSelect: () => setPreferences({ theme: "system" }),
        },
        {
          label: t("themeLight"),
          icon: Sun,
          checked: theme === "light",
          onSelect: () => setPreferences({ theme: "light" }),
        },
        {
          label: t("themeDark"),
          icon: Moon,
          checked: theme === "dark",
          onSelect: () => setPreferences({ theme: "dark" }),
        },
        {
          label: t("contrastMore"),
          icon: Contrast,
          checked: contrast === "more",
          onSelect: () => setPreferences({ contrast: contrast === "more" ? "normal" : "more" }),
        },
        "separator",
        { label: "English", icon: Languages, checked: i18n.language === "en", onSelect: () => setLanguage("en") },
        { label: "中文", icon: Languages, checked: i18n.language === "zh", onSelect: () => setLanguage("zh") },
      ]}
    />
  );
}
