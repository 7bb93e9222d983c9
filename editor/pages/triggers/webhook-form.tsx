import { useTranslation } from "react-i18next";
import type { Sender } from "../../../server/contract/trigger.ts";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Select } from "../../ui/select.tsx";
import { Checkbox } from "../../ui/switch.tsx";

interface WebhookDraft {
  /** The names of the agent's inputs. */
  inputs: string[];
  sender: Sender;
  setSender(next: Sender): void;
  secret: string;
  setSecret(next: string): void;
  /** The JSON pointer of each input; absent: the body contains the inputs. */
  places: Record<string, string> | undefined;
  setPlaces(next: Record<string, string> | undefined): void;
}

const SENDERS: readonly Sender[] = ["standard", "github", "slack", "stripe", "telegram", "token", "none"];

/** Senders that make their secret themselves. */
const OWN_SECRET: ReadonlySet<Sender> = new Set(["stripe", "slack"]);

/** Where the message is in the usual body of a sender. */
export const SENDER_TAKES: Record<Sender, Record<string, string> | undefined> = {
  standard: undefined,
  github: { message: "/issue/title" },
  slack: { message: "/event/text" },
  stripe: { message: "/type" },
  telegram: { message: "/message/text" },
  token: undefined,
  none: undefined,
};

/** Who sends, how its messages are checked, and where the inputs are in them. */
export function WebhookForm({ draft, isNew }: { draft: WebhookDraft; isNew: boolean }) {
  const { t } = useTranslation(["triggers", "common"]);
  const { inputs, places, setPlaces, sender } = draft;
  return (
    <>
      <Field label={t("sender")} help={t(`senderHelp.${sender}`)}>
        <Select
          value={sender}
          onChange={draft.setSender}
          options={SENDERS.map((one) => ({ value: one, label: t(`senders.${one}`) }))}
        />
      </Field>
      {sender === "none" ? (
        <Notice tone="warn" title={t("senderNone")} />
      ) : (
        <Field
          label={t("secret")}
          help={t(isNew ? (OWN_SECRET.has(sender) ? "secretOfSender" : "secretMade") : "secretKept")}
          optional={t("common:optional")}
        >
          <Input
            mono
            type="password"
            autoComplete="off"
            value={draft.secret}
            maxLength={500}
            onChange={(event) => draft.setSecret(event.target.value)}
          />
        </Field>
      )}
      <Field label={t("inputs")} help={places && t("inputsHelp")}>
        <Segmented
          label={t("inputs")}
          value={places ? "places" : "whole"}
          onChange={(how) => setPlaces(how === "places" ? { message: "/message" } : undefined)}
          options={[
            { value: "whole", label: t("wholeBody") },
            { value: "places", label: t("bodyFields") },
          ]}
        />
      </Field>
      {places &&
        inputs.map((input) => (
          <div key={input} className="flex items-end gap-2">
            <Checkbox
              checked={input in places}
              disabled={input === "message"}
              onChange={(taken) => {
                const { [input]: _gone, ...others } = places;
                setPlaces(taken ? { ...places, [input]: `/${input}` } : others);
              }}
            >
              <span className="sr-only">{input}</span>
            </Checkbox>
            <Field label={t("inputFrom", { name: input })} className="flex-1">
              <Input
                mono
                disabled={!(input in places)}
                value={places[input] ?? ""}
                onChange={(event) => setPlaces({ ...places, [input]: event.target.value.trim() })}
              />
            </Field>
          </div>
        ))}
    </>
  );
}
