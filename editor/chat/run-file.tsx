import { Download, FileQuestion } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Spinner } from "../ui/spinner.tsx";

/** The addresses by which a reply can refer to a file of its run. */
const REFERENCE = /^(?:artifact:\/\/|\/api\/files\/)([\w.-]{1,128})$/;

/** The file id in an address of a reply; `undefined` for any other address. */
export function fileIn(address: string): string | undefined {
  return REFERENCE.exec(address)?.[1];
}

/** A file of a run, shown by its type: image, audio, video, or a download. */
export function RunFile({ load, name }: { load(): Promise<Blob>; name: string }) {
  const { t } = useTranslation("chat");
  const [shown, setShown] = useState<{ url: string; type: string } | "missing">();
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs once, because a file never changes
  useEffect(() => {
    let url: string | undefined;
    let gone = false;
    load().then(
      (blob) => {
        if (gone) return;
        url = URL.createObjectURL(blob);
        setShown({ url, type: blob.type });
      },
      () => !gone && setShown("missing"),
    );
    return () => {
      gone = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, []);
  if (!shown) return <Spinner label={t("loading", { ns: "common" })} />;
  if (shown === "missing")
    return (
      <span className="inline-flex items-center gap-1.5 text-ink-3 text-sm">
        <FileQuestion size={14} aria-hidden />
        {t("fileMissing", { name })}
      </span>
    );
  const { url, type } = shown;
  if (type.startsWith("image/")) return <img src={url} alt={name} className="max-h-96 max-w-full rounded-md" />;
  // biome-ignore lint/a11y/useMediaCaption: speech made by a model; its text is next to it
  if (type.startsWith("audio/")) return <audio controls src={url} aria-label={name} className="max-w-full" />;
  if (type.startsWith("video/"))
    // biome-ignore lint/a11y/useMediaCaption: as above
    return <video controls src={url} aria-label={name} className="max-w-full rounded-md" />;
  return (
    <a href={url} download={name} className="inline-flex items-center gap-1.5">
      <Download size={14} aria-hidden />
      {name}
    </a>
  );
}
