import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Field as DeclaredField } from "../../runtime/field.ts";
import { roleOf } from "../graph/node-types.ts";
import { useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import { fieldKey, fieldValues, typedFields } from "../session/typed-input.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

export interface ExtraFields {
  declared: readonly DeclaredField[];
  texts: Record<string, string>;
  /** The input of the run: parsed as JSON if the kind is not text and the text is JSON. */
  values: Record<string, unknown>;
  set(name: string, text: string): void;
}

/** The fields that the input node declares besides the message. Typed texts are kept with the form's name. */
export function useExtraFields(form: string): ExtraFields {
  const { unfinished } = useWorkbench();
  const input = useGraph((graph) => graph.nodes.find((node) => roleOf(node) === "input"));
  const declared = useMemo(() => (input ? typedFields({ nodes: [input] }) : []), [input]);
  const kept = useStore(unfinished, (state) => state.texts);
  return {
    declared,
    texts: Object.fromEntries(declared.map(({ name }) => [name, kept.get(fieldKey(form, name)) ?? ""])),
    values: fieldValues(declared, kept, form),
    set: (name, text) => unfinished.keep(fieldKey(form, name), text || undefined),
  };
}

export function FieldInputs({ fields }: { fields: ExtraFields }) {
  const { t } = useTranslation("common");
  if (fields.declared.length === 0) return null;
  return (
    <div className="mb-2 grid max-h-44 grid-cols-2 gap-2 overflow-y-auto">
      {fields.declared.map((field) => (
        <Field key={field.name} label={field.name} optional={field.required === false ? t("optional") : undefined}>
          <Input
            value={fields.texts[field.name] ?? ""}
            onChange={(event) => fields.set(field.name, event.target.value)}
          />
        </Field>
      ))}
    </div>
  );
}
