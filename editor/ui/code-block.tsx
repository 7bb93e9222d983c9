import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "./cx.ts";
import { IconButton } from "./icon-button.tsx";

/** Copies a text; the icon confirms it. */
export function CopyButton({ text, label, className }: { text: string; label?: string; className?: string }) {
  const { t } = useTranslation("common");
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <IconButton
      icon={copied ? Check : Copy}
      size="sm"
      side="left"
      label={copied ? t("copied") : (label ?? t("copy"))}
      className={className}
      onClick={() => void copyText(text).then(setCopied)}
    />
  );
}

/**
 * Copies a text and returns whether it succeeded. Also works without the clipboard API (plain HTTP on another host).
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** Read-only code or JSON with a copy button. */
export function CodeBlock({
  code,
  label,
  wrap,
  copy = true,
  className,
}: {
  code: string;
  /** The caption above the code. */
  label?: string;
  wrap?: boolean;
  copy?: boolean;
  className?: string;
}) {
  return (
    <figure className={cx("group relative overflow-hidden rounded-lg border border-line bg-paper", className)}>
      {label && <figcaption className="border-line border-b px-3 py-1.5 text-ink-3 text-sm">{label}</figcaption>}
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
        tabIndex={0}
        className={cx(
          "max-h-96 overflow-auto px-3 py-2.5 text-sm leading-relaxed",
          wrap && "whitespace-pre-wrap break-words",
          copy && "pr-10",
        )}
      >
        {code}
      </pre>
      {copy && <CopyButton text={code} className="absolute top-1 right-1.5 bg-paper" />}
    </figure>
  );
}
