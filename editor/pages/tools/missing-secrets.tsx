import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/api.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Form } from "../../ui/form.tsx";
import { Input } from "../../ui/input.tsx";
import { MCP_KEY, TOOLS_KEY } from "./use-tools.ts";

/** A button for each secret that is not set; it opens the form for its value in place. */
export function MissingSecrets({ names }: { names?: string[] }) {
  const { t } = useTranslation("tools");
  const [open, setOpen] = useState<string>();
  if (!names?.length) return null;
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap gap-2">
        {names.map((name) => (
          <Button
            key={name}
            size="sm"
            icon={KeyRound}
            aria-expanded={open === name}
            onClick={() => setOpen(open === name ? undefined : name)}
          >
            {t("needsSecret", { name })}
          </Button>
        ))}
      </div>
      {open !== undefined && names.includes(open) && <SecretForm key={open} name={open} />}
    </div>
  );
}

/** Stores the value of one secret. */
export function SecretForm({ name, about, onStored }: { name: string; about?: ReactNode; onStored?(): void }) {
  const { t } = useTranslation("common");
  const client = useQueryClient();
  const [value, setValue] = useState("");
  const store = useMutation({
    mutationFn: () => api.secrets.set(name, value),
    onSuccess: () => {
      for (const queryKey of [["secrets"], TOOLS_KEY, MCP_KEY]) void client.invalidateQueries({ queryKey });
      onStored?.();
    },
  });
  return (
    <Form className="mt-2" onSubmit={() => value !== "" && store.mutate()}>
      <Field label={<span className="font-mono">{name}</span>} help={about}>
        <span className="flex gap-2">
          <Input
            type="password"
            autoComplete="new-password"
            value={value}
            onChange={(event) => setValue(event.target.value)}
            className="flex-1"
            mono
          />
          <Button type="submit" busy={store.isPending} disabled={value === ""}>
            {t("save")}
          </Button>
        </span>
      </Field>
      {store.isError && <ErrorNotice error={store.error} className="mt-2" />}
    </Form>
  );
}
