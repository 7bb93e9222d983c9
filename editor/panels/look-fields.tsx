import { ImageUp, X } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Look } from "../../server/contract/agent.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Input } from "../ui/input.tsx";

const MAX_LOGO_BYTES = 128 * 1024;
const LOGO_TYPES = ["image/png", "image/jpeg", "image/webp", "image/svg+xml"];

/** Title, colour and logo of the chat page. */
export function LookFields({ look, onChange }: { look: Look; onChange(look: Look): void }) {
  const { t } = useTranslation("panels");
  const [title, setTitle] = useState<string>();
  const [color, setColor] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const picker = useRef<HTMLInputElement>(null);
  const set = (change: Look) => {
    const next = { ...look, ...change };
    onChange(Object.fromEntries(Object.entries(next).filter(([, value]) => value)));
  };
  const takeLogo = async (file: File | undefined) => {
    if (!file) return;
    const fits = LOGO_TYPES.includes(file.type) && file.size <= MAX_LOGO_BYTES;
    setProblem(fits ? undefined : t("look.badLogo"));
    if (fits) set({ logo: await asDataUrl(file) });
  };
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-2 font-medium">{t("look.legend")}</legend>
      <Field label={t("look.title")} optional={t("optional", { ns: "common" })} help={t("look.titleHelp")}>
        <Input
          maxLength={80}
          value={title ?? look.title ?? ""}
          onChange={(event) => setTitle(event.target.value)}
          onBlur={() => {
            if (title !== undefined && title.trim() !== (look.title ?? "")) set({ title: title.trim() });
            setTitle(undefined);
          }}
          onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        />
      </Field>
      <div className="flex flex-wrap items-end gap-x-6 gap-y-3">
        <Field label={t("look.color")}>
          <div className="flex items-center gap-1">
            <input
              type="color"
              aria-label={t("look.color")}
              className="h-8 w-12 rounded-md border border-line bg-surface p-0.5"
              value={color ?? look.color ?? "#4b5cc4"}
              onChange={(event) => setColor(event.target.value)}
              // A drag in the picker reports each colour; the last one is stored.
              onBlur={() => {
                if (color !== undefined && color !== look.color) set({ color });
                setColor(undefined);
              }}
            />
            {look.color && <IconButton icon={X} label={t("look.noColor")} onClick={() => set({ color: undefined })} />}
          </div>
        </Field>
        <Field label={t("look.logo")} error={problem}>
          <div className="flex items-center gap-2">
            {look.logo && <img src={look.logo} alt="" className="h-8 max-w-24 rounded-sm object-contain" />}
            <input
              ref={picker}
              type="file"
              hidden
              accept={LOGO_TYPES.join(",")}
              aria-label={t("look.logo")}
              onChange={(event) => {
                const [file] = event.target.files ?? [];
                event.target.value = "";
                void takeLogo(file);
              }}
            />
            <Button size="sm" icon={ImageUp} onClick={() => picker.current?.click()}>
              {t(look.logo ? "look.otherLogo" : "look.addLogo")}
            </Button>
            {look.logo && <IconButton icon={X} label={t("look.noLogo")} onClick={() => set({ logo: undefined })} />}
          </div>
        </Field>
      </div>
    </fieldset>
  );
}

function asDataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error(file.name));
    reader.readAsDataURL(file);
  });
}
