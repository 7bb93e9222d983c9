import { useState } from "react";
import { useTranslation } from "react-i18next";
import { setAbout } from "../graph/commands.ts";
import { useDocument, useGraph, useWorkbench } from "../hooks/use-workbench.ts";

/** The agent's name in the top bar. A click changes it; Escape keeps the old one. */
export function AgentName() {
  const { t } = useTranslation("panels");
  const { apply } = useWorkbench();
  const name = useGraph((graph) => graph.name);
  const frozen = useDocument((state) => state.frozen);
  const [editing, setEditing] = useState(false);
  if (frozen) return name;
  if (!editing)
    return (
      <button
        type="button"
        title={t("renameAgent")}
        className="block w-full truncate rounded-sm px-1 hover:bg-hover"
        onClick={() => setEditing(true)}
      >
        {name}
      </button>
    );
  return (
    <input
      aria-label={t("agentName")}
      // biome-ignore lint/a11y/noAutofocus: it opens because the person wants to write
      autoFocus
      maxLength={200}
      className="field-sizing-content min-w-24 max-w-80 rounded-sm bg-hover px-1.5 font-semibold text-md outline-none"
      defaultValue={name}
      onFocus={({ target }) => target.select()}
      onBlur={({ target }) => {
        apply(setAbout({ name: target.value.trim() }));
        setEditing(false);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.value = name;
        if (event.key === "Escape" || (event.key === "Enter" && !event.nativeEvent.isComposing))
          event.currentTarget.blur();
      }}
    />
  );
}
