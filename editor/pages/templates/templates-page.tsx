import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Page } from "../../shell/page.tsx";
import { SearchInput } from "../../ui/input.tsx";
import { TemplateGallery } from "./template-gallery.tsx";

export function TemplatesPage() {
  const { t } = useTranslation("templates");
  const [search, setSearch] = useState("");
  return (
    <Page
      wide
      crumbs={[{ label: t("title") }]}
      title={t("title")}
      lead={t("lead")}
      actions={<SearchInput value={search} onChange={setSearch} label={t("search")} className="w-64" />}
    >
      <TemplateGallery large search={search} onClear={() => setSearch("")} />
    </Page>
  );
}
