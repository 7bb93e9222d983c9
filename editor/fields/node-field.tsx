import { type ComponentType, memo, useCallback } from "react";
import type { FieldHint } from "../../runtime/node.ts";
import { setConfig } from "../graph/commands.ts";
import { settlePorts } from "../graph/replace-node.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { Field } from "../ui/field.tsx";
import { BodyField } from "./body-field.tsx";
import { BudgetField } from "./budget-field.tsx";
import { CasesField, ExamplesField } from "./cases-field.tsx";
import type { FieldProps } from "./field-props.ts";
import { FieldsField } from "./fields-field.tsx";
import { JsonField, SchemaField } from "./json-field.tsx";
import { KeyValueField } from "./keyvalue-field.tsx";
import { ModelField } from "./model-field.tsx";
import { NumberField, SliderField, ToggleField } from "./number-field.tsx";
import { AgentField, KnowledgeField } from "./pick-field.tsx";
import { CodeField, PromptField } from "./prompt-field.tsx";
import { RuleField } from "./rule-field.tsx";
import { SelectField } from "./select-field.tsx";
import { TemplateField } from "./template-input.tsx";
import { TextareaField, TextField } from "./text-field.tsx";
import { TextsField } from "./texts-field.tsx";
import { ToolField, ToolsField } from "./tools-field.tsx";

const WIDGETS: Record<Exclude<FieldHint["widget"], "hidden">, ComponentType<FieldProps>> = {
  text: TextField,
  textarea: TextareaField,
  prompt: PromptField,
  template: TemplateField,
  code: CodeField,
  json: JsonField,
  schema: SchemaField,
  number: NumberField,
  slider: SliderField,
  toggle: ToggleField,
  select: SelectField,
  model: ModelField,
  knowledge: KnowledgeField,
  tool: ToolField,
  tools: ToolsField,
  agent: AgentField,
  fields: FieldsField,
  cases: CasesField,
  rule: RuleField,
  keyvalue: KeyValueField,
  budget: BudgetField,
  examples: ExamplesField,
  texts: TextsField,
  body: BodyField,
};

/** One key of a node's config as its widget, with its label, help text and errors. */
export const NodeField = memo(function NodeField({
  node,
  type,
  name,
  value,
  hint,
  schema,
  config,
  error,
  warning,
  disabled,
}: Omit<FieldProps, "label" | "set" | "setKey"> & { error?: string; warning?: string }) {
  const words = useNodeWords();
  const { apply, reader } = useWorkbench();
  const { label, help } = words.field(type, name);
  const setKey = useCallback(
    (key: string, next: unknown) => apply(settlePorts(setConfig(node, key, next), reader.getState().reader, node)),
    [apply, reader, node],
  );
  const set = useCallback((next: unknown) => setKey(name, next), [setKey, name]);
  if (hint.widget === "hidden") return null;
  const Widget = WIDGETS[hint.widget];
  return (
    <div data-field={name}>
      <Field label={label} help={help} error={error} warning={warning}>
        <Widget
          node={node}
          type={type}
          name={name}
          value={value}
          hint={hint}
          schema={schema}
          config={config}
          label={label}
          disabled={disabled}
          set={set}
          setKey={setKey}
        />
      </Field>
    </div>
  );
});
