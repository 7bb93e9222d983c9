import { useQuery } from "@tanstack/react-query";
import { FilterX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/api.ts";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/select.tsx";
import type { UsageFilters } from "./usage-filters.ts";
import type { UsageNames } from "./use-names.ts";

/** The option for no filter; never a valid id. */
const ANY = "*";
/** The option for the admin's own runs, because a select does not accept an empty value. */
const OWN = "-";

/** Filters the page by agent, version and key. */
export function FilterBar({
  filters,
  names,
  onChange,
}: {
  filters: UsageFilters;
  names: UsageNames;
  onChange(filters: UsageFilters): void;
}) {
  const { t } = useTranslation(["usage", "runs"]);
  const { agent, version, key, ...rest } = filters;
  const versions = useQuery({
    queryKey: ["agents", agent, "versions"],
    queryFn: ({ signal }) => api.agents.versions(agent!, signal),
    enabled: agent !== undefined,
  });
  const withKey = key === undefined ? {} : { key };
  // Keeps the current filter in the list even if it was deleted.
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
          {t("runs:clearFilters")}
        </Button>
      )}
    </div>
  );
}
