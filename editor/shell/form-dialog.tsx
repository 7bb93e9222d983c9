import type { ComponentProps } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button.tsx";
import { Dialog, SidePanel } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { ErrorNotice } from "./query-state.tsx";

/**
 * A form in a dialog or, with `side`, in a side panel. The button and Enter submit it, once at a time; why that failed is
 * shown below the fields.
 */
export function FormDialog({
  side,
  submit,
  mutation,
  disabled,
  onSubmit,
  children,
  ...frame
}: Omit<ComponentProps<typeof Dialog>, "footer"> & {
  side?: boolean;
  /** The label of the button. */
  submit: string;
  mutation: { isPending: boolean; error: unknown };
  disabled?: boolean;
  onSubmit(): void;
}) {
  const { t } = useTranslation("common");
  const Frame = side ? SidePanel : Dialog;
  const send = () => {
    if (!disabled && !mutation.isPending) onSubmit();
  };
  return (
    <Frame
      {...frame}
      footer={
        <>
          {!side && <Button onClick={frame.onClose}>{t("cancel")}</Button>}
          <Button variant="solid" busy={mutation.isPending} disabled={disabled} onClick={send}>
            {submit}
          </Button>
        </>
      }
    >
      <Form onSubmit={send}>
        {children}
        {mutation.error !== null && <ErrorNotice error={mutation.error} />}
      </Form>
    </Frame>
  );
}
