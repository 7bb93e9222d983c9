import { useQuery } from "@tanstack/react-query";
import { FilterX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/api.ts";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/select.tsx";
import type { UsageFilters } from "./usage-filters.ts";
import type { UsageNames } from "./use-names.ts";

/** Stands for no filter; ids never look like it. */
const ANY = "*";
/** A select takes no empty value. */
const OWN = "-";

/** Narrows all that the page shows to an agent, a version of it, a key. */
export function FilterBar({
  filters,
  names,
  onChange,
}: {
  filters: UsageFilters;
  names: UsageNames;
  onChange(filters: UsageFilters): void;
}) {
  const { t } = useTranslation("usage");
  const { agent, version, key, ...rest } = filters;
  const versions = useQuery({
    queryKey: ["agents", agent, "versions"],
    queryFn: ({ signal }) => api.agents.versions(agent!, signal),
    enabled: agent !== undefined,
  });
  const withKey = key === undefined ? {} : { key };
  // What is filtered by stays to be seen also where it is deleted.
  const agents =
    agent === undefined || names.agents.some((one) => one.id === agent)
      ? names.agents
      : [...names.agents, { id: agent, name: t("deletedAgent", { id: agent.slice(0, 8) }) }];
  const keys =
    key === undefined || names.keys.some((one) => one.id === key)
      ? names.keys
      : [...names.keys, { id: key, name: names.keyName(key) }];
  return (
    <div className="mb-4 flex flex-wrap items-center gap-2">
      <Select
        label={t("filter.agent")}
        className="w-52 max-sm:w-full"
        value={agent ?? ANY}
        onChange={(next) => onChange({ ...rest, ...withKey, ...(next !== ANY && { agent: next }) })}
        options={[
          { value: ANY, label: t("filter.anyAgent") },
          ...agents.map(({ id, name }) => ({ value: id, label: name })),
        ]}
      />
      {agent !== undefined && (
        <Select
          label={t("filter.version")}
          className="w-52 max-sm:w-full"
          value={version === undefined ? ANY : String(version)}
          onChange={(next) => onChange({ ...rest, ...withKey, agent, ...(next !== ANY && { version: Number(next) }) })}
          options={[
            { value: ANY, label: t("filter.anyVersion") },
            { value: "0", label: t("draft") },
            ...(versions.data?.versions ?? []).map((one) => ({
              value: String(one.version),
              label: t("version", { version: one.version }),
            })),
          ]}
        />
      )}
      <Select
        label={t("filter.key")}
        className="w-52 max-sm:w-full"
        value={key === undefined ? ANY : key || OWN}
        onChange={(next) =>
          onChange({
            ...rest,
            ...(agent !== undefined && { agent }),
            ...(version !== undefined && { version }),
            ...(next !== ANY && { key: next === OWN ? "" : next }),
          })
        }
        options={[
          { value: ANY, label: t("filter.anyKey") },
          ...keys.map(({ id, name }) => ({ value: id || OWN, label: name })),
        ]}
      />
      {(agent !== undefined || key !== undefined) && (
        <Button variant="ghost" size="sm" icon={FilterX} onClick={() => onChange(rest)}>
          {t("clearFilters")}
        </Button>
      )}
    </div>
  );
}
