import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Field as Declared } from "../../../runtime/field.ts";
import type { MadeTrigger, NewTrigger, Sender, Trigger } from "../../../server/contract/trigger.ts";
import { api } from "../../api/api.ts";
import { useFields } from "../../chat/fields.tsx";
import { hookCommand } from "../../panels/snippets.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { SidePanel } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Form } from "../../ui/form.tsx";
import { Input, Textarea } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Checkbox } from "../../ui/switch.tsx";
import { cronOf, MORNING, nextTimes, rhythmOf } from "./schedule.ts";
import { ScheduleFields } from "./schedule-fields.tsx";
import { triggersKey } from "./use-triggers.ts";
import { SENDER_TAKES, WebhookForm } from "./webhook-form.tsx";

export interface TriggerPanelProps {
  agent: string;
  /** The input fields of the live version. */
  fields: readonly Declared[];
  kind: Trigger["kind"];
  /** The trigger to edit; absent to create one. */
  trigger?: Trigger;
  onClose(): void;
}

/** Creates or edits a trigger. The secret of a new one is shown here, once. */
export function TriggerPanel({ agent, fields, kind, trigger, onClose }: TriggerPanelProps) {
  const { t } = useTranslation(["triggers", "runs", "common"]);
  const client = useQueryClient();
  const draft = useDraft(kind, fields, trigger);
  const [asked, setAsked] = useState(false);
  const save = useMutation({
    mutationFn: (body: NewTrigger): Promise<MadeTrigger> => {
      if (!trigger) return api.triggers.create(agent, body);
      const { kind: _kind, ...change } = body;
      return api.triggers.update(agent, trigger.id, {
        ...change,
        // Removes a setting whose field was emptied.
        ...(kind !== "notice" && !("session" in change) && { session: null }),
        ...(kind === "webhook" && !("take" in change) && { take: null }),
      });
    },
    onSuccess(made) {
      void client.invalidateQueries({ queryKey: triggersKey(agent) });
      // Without a secret there is nothing left to show, but for a new webhook, whose address the sender needs.
      if (!isShown(made)) onClose();
    },
  });
  const submit = () => {
    setAsked(true);
    if (draft.faults.size === 0) save.mutate(draft.body());
  };
  const isShown = ({ secret, url }: MadeTrigger) => secret !== undefined || (!trigger && url !== undefined);
  const made = save.data && isShown(save.data) ? save.data : undefined;
  return (
    <SidePanel
      onClose={onClose}
      title={t(trigger ? `editKind.${kind}` : `addKind.${kind}`)}
      description={t(`kindLead.${kind}`)}
      footer={
        made ? (
          <Button variant="solid" onClick={onClose}>
            {t("done")}
          </Button>
        ) : (
          <Button variant="solid" busy={save.isPending} onClick={submit}>
            {t(trigger ? "save" : "create")}
          </Button>
        )
      }
    >
      {made ? (
        <Made made={made} secret={made.secret ?? draft.secret} example={draft.example()} />
      ) : (
        <Form className="flex flex-col gap-5" onSubmit={submit}>
          <Field
            label={t("common:name")}
            help={t("nameHelp")}
            error={asked && draft.faults.has("name") && t("nameMissing")}
          >
            <Input value={draft.name} maxLength={200} onChange={(event) => draft.setName(event.target.value)} />
          </Field>
          {kind === "schedule" && <ScheduleForm draft={draft} asked={asked} />}
          {kind === "webhook" && <WebhookForm draft={draft} isNew={!trigger} />}
          {kind === "notice" && <NoticeForm draft={draft} asked={asked} />}
          {kind !== "notice" && (
            <Field label={t("runs:page.session")} help={t("sessionHelp")} optional={t("optional", { ns: "common" })}>
              <Input
                mono
                value={draft.session}
                maxLength={200}
                onChange={(event) => draft.setSession(event.target.value)}
              />
            </Field>
          )}
          {save.isError && <ErrorNotice error={save.error} />}
        </Form>
      )}
    </SidePanel>
  );
}

type Draft = ReturnType<typeof useDraft>;

/** The values of the form for all three kinds, and the trigger that they describe. */
function useDraft(kind: Trigger["kind"], declared: readonly Declared[], before: Trigger | undefined) {
  const schedule = before?.kind === "schedule" ? before : undefined;
  const webhook = before?.kind === "webhook" ? before : undefined;
  const notice = before?.kind === "notice" ? before : undefined;
  const [name, setName] = useState(before?.name ?? "");
  const [session, setSession] = useState(schedule?.session ?? webhook?.session ?? "");
  const [rhythm, setRhythm] = useState(() => (schedule ? rhythmOf(schedule.cron) : MORNING));
  const [zone, setZone] = useState(schedule?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const { message: said, ...rest } = schedule?.input ?? {};
  const [message, setMessage] = useState(typeof said === "string" ? said : "");
  const fields = useFields(
    declared,
    Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    ),
  );
  const [sender, setSender] = useState<Sender>(webhook?.sender ?? "standard");
  const [secret, setSecret] = useState("");
  const [places, setPlaces] = useState<Record<string, string> | undefined>(webhook?.take);
  const [url, setUrl] = useState(notice?.url ?? "");
  const [on, setOn] = useState<readonly ("wait" | "end")[]>(notice?.on ?? ["wait"]);

  const faults = new Set<string>();
  if (name.trim() === "") faults.add("name");
  if (kind === "schedule") {
    if (!nextTimes(cronOf(rhythm), zone, 1)) faults.add("times");
    for (const missing of fields.missing) faults.add(missing);
  }
  if (kind === "notice") {
    if (!/^https?:\/\/\S/.test(url.trim())) faults.add("url");
    if (on.length === 0) faults.add("on");
  }
  return {
    name,
    setName,
    session,
    setSession,
    rhythm,
    setRhythm,
    zone,
    setZone,
    message,
    setMessage,
    fields,
    inputs: ["message", ...declared.map((field) => field.name)],
    sender,
    /** A sender with its own bodies gets a start for the places of the inputs. */
    setSender(next: Sender) {
      setSender(next);
      setSecret("");
      if (!before) setPlaces(SENDER_TAKES[next]);
    },
    secret,
    setSecret,
    places,
    setPlaces,
    url,
    setUrl,
    on,
    setOn,
    /** The names of invalid fields. */
    faults,
    body(): NewTrigger {
      const talk = session.trim() ? { session: session.trim() } : {};
      if (kind === "notice") return { kind, name: name.trim(), url: url.trim(), on: [...on] };
      if (kind === "webhook")
        return {
          kind,
          name: name.trim(),
          sender,
          ...(secret.trim() && { secret: secret.trim() }),
          ...(places && { take: places }),
          ...talk,
        };
      const input = { ...fields.values, message };
      return { kind, name: name.trim(), cron: cronOf(rhythm), timeZone: zone, input, ...talk };
    },
    /** An example of a body that the webhook accepts. */
    example(): string {
      return JSON.stringify(exampleBody(declared, places));
    },
  };
}

/** An example body for a webhook, with each input at its path. */
export function exampleBody(declared: readonly Declared[], take: Record<string, string> | undefined): unknown {
  const inputs = { message: "Hello", ...Object.fromEntries(declared.map((field) => [field.name, "…"])) };
  if (!take) return inputs;
  const body: Record<string, unknown> = {};
  for (const [name, pointer] of Object.entries(take)) {
    const parts = pointer.split("/").slice(1);
    let place = body;
    for (const part of parts.slice(0, -1)) {
      place[part] ??= {};
      place = place[part] as Record<string, unknown>;
    }
    if (parts.length > 0) place[parts.at(-1)!] = inputs[name as "message"] ?? "…";
  }
  return body;
}

function ScheduleForm({ draft, asked }: { draft: Draft; asked: boolean }) {
  const { t } = useTranslation(["triggers", "chat"]);
  return (
    <>
      <ScheduleFields rhythm={draft.rhythm} zone={draft.zone} onRhythm={draft.setRhythm} onZone={draft.setZone} />
      <Field label={t("message")} help={t("messageHelp")}>
        <Textarea rows={3} value={draft.message} onChange={(event) => draft.setMessage(event.target.value)} />
      </Field>
      {draft.fields.declared.map(({ name, required }) => (
        <Field
          key={name}
          label={name}
          optional={required ? undefined : t("optional", { ns: "common" })}
          error={asked && draft.faults.has(name) && t("chat:fieldMissing")}
        >
          <Input
            value={draft.fields.texts[name] ?? ""}
            onChange={(event) => draft.fields.set(name, event.target.value)}
          />
        </Field>
      ))}
    </>
  );
}

function NoticeForm({ draft: { url, setUrl, on, setOn, faults }, asked }: { draft: Draft; asked: boolean }) {
  const { t } = useTranslation("triggers");
  return (
    <>
      <Field label={t("url")} help={t("urlHelp")} error={asked && faults.has("url") && t("urlMissing")}>
        <Input mono placeholder="https://" value={url} onChange={(event) => setUrl(event.target.value)} />
      </Field>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1.5 font-medium text-ink-2 text-sm">{t("on")}</legend>
        {(["wait", "end"] as const).map((event) => (
          <Checkbox
            key={event}
            checked={on.includes(event)}
            onChange={(wanted) => setOn(wanted ? [...on, event] : on.filter((one) => one !== event))}
          >
            {t(event === "wait" ? "onWait" : "onEnd")}
          </Checkbox>
        ))}
        {asked && faults.has("on") && (
          <p role="alert" className="text-bad text-sm">
            {t("onMissing")}
          </p>
        )}
      </fieldset>
    </>
  );
}

function Made({ made, secret, example }: { made: MadeTrigger; secret: string; example: string }) {
  const { t } = useTranslation("triggers");
  const kind = made.trigger.kind === "webhook" ? "webhook" : "notice";
  const sender = made.trigger.kind === "webhook" ? (made.trigger.sender ?? "standard") : "standard";
  return (
    <div className="flex flex-col gap-4">
      {made.secret !== undefined ? (
        <Notice tone="warn" title={t(`secretTitle.${kind}`)}>
          {t(kind === "webhook" ? `senderNext.${sender}` : "secretLead.notice")}
        </Notice>
      ) : (
        <Notice tone={sender === "none" ? "warn" : "info"} title={t("addressTitle")}>
          {t(`senderNext.${sender}`)}
        </Notice>
      )}
      {made.url && <CodeBlock label={t("url")} code={made.url} wrap />}
      {made.secret !== undefined && <CodeBlock label={t("secret")} code={made.secret} wrap />}
      {made.url && (
        <>
          <CodeBlock label={t("example")} code={hookCommand(made.url, secret || "…", example, sender)} wrap />
          {sender === "standard" && <p className="text-ink-3 text-sm">{t("exampleHelp")}</p>}
        </>
      )}
    </div>
  );
}
