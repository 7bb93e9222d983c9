import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { KeyboardEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";
import { cx } from "./cx.ts";
import { IconButton } from "./icon-button.tsx";

interface Frame {
  /** True by default: most dialogs are mounted when they open. */
  open?: boolean;
  onClose(): void;
  title: ReactNode;
  description?: ReactNode;
  /** Buttons at the end; the primary one is last. */
  footer?: ReactNode;
  children?: ReactNode;
  className?: string;
}

/** A modal question. For everything else use a `SidePanel`. */
export function Dialog({ open = true, onClose, title, description, footer, children, className }: Frame) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim animate-fade" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          className={cx(
            "-translate-x-1/2 -translate-y-1/2 fixed top-1/2 left-1/2 z-40 flex max-h-[88vh] w-[min(460px,calc(100vw-32px))] flex-col rounded-xl border border-line bg-raised shadow-float outline-none animate-fade",
            className,
          )}
        >
          <header className="px-5 pt-5">
            <Radix.Title className="font-semibold text-lg">{title}</Radix.Title>
            {description && <Radix.Description className="mt-1.5 text-ink-2">{description}</Radix.Description>}
          </header>
          {children && <div className="min-h-0 overflow-y-auto px-5 pt-4">{children}</div>}
          <footer className="flex justify-end gap-2 p-5">{footer}</footer>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Asks for confirmation before something is deleted. With `busy` the dialog stays open while `onConfirm` works. */
export function ConfirmDialog({
  confirm,
  onConfirm,
  busy,
  danger = true,
  ...frame
}: Omit<Frame, "footer"> & { confirm: ReactNode; onConfirm(): void; busy?: boolean; danger?: boolean }) {
  const { t } = useTranslation("common");
  return (
    <Dialog
      {...frame}
      footer={
        <>
          <Button onClick={frame.onClose}>{t("cancel")}</Button>
          <Button variant={danger ? "danger" : "solid"} busy={busy} onClick={onConfirm}>
            {confirm}
          </Button>
        </>
      }
    />
  );
}

/** Focuses the first field or button in the body, or else the panel itself; never its close button. */
function focusBody(event: Event): void {
  event.preventDefault();
  const panel = event.currentTarget as HTMLElement;
  const first = panel.querySelector<HTMLElement>(
    "[data-body] :is(input:not([type=file]), textarea, button, a[href], [tabindex='0'])",
  );
  (first ?? panel).focus();
}

/** Escape closes an open tooltip first; without this the panel would not receive the key. */
function closeOnEscape(onClose: () => void) {
  return (event: KeyboardEvent<HTMLElement>) => {
    const hinted = document.querySelector("[role=tooltip]") !== null;
    if (event.key === "Escape" && hinted && event.currentTarget.contains(event.target as Element)) onClose();
  };
}

/** A panel at the right edge, for a form or details. The page behind it stays visible; Escape closes it. */
export function SidePanel({ open = true, onClose, title, description, footer, children, className }: Frame) {
  const { t } = useTranslation("common");
  return (
    <Radix.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim/50 animate-fade" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onOpenAutoFocus={focusBody}
          onKeyDown={closeOnEscape(onClose)}
          tabIndex={-1}
          className={cx(
            "fixed inset-y-0 right-0 z-40 flex w-[min(480px,100vw)] flex-col border-line border-l bg-raised shadow-float outline-none animate-slide",
            className,
          )}
        >
          <header className="flex items-start gap-3 border-line border-b px-5 py-4">
            <div className="min-w-0 flex-1">
              <Radix.Title className="font-semibold text-lg">{title}</Radix.Title>
              {description && <Radix.Description className="mt-1 text-ink-2">{description}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <IconButton icon={X} label={t("close")} side="left" />
            </Radix.Close>
          </header>
          <div data-body className="min-h-0 flex-1 overflow-y-auto px-5 py-5">
            {children}
          </div>
          {footer && <footer className="flex justify-end gap-2 border-line border-t px-5 py-3.5">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
