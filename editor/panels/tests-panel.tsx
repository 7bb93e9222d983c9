import { CircleStop, FlaskConical, Play, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useStore } from "zustand";
import type { GraphTest } from "../../runtime/graph.ts";
import { useDocument, useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import * as format from "../i18n/format.ts";
import {
  addTest,
  expectedText,
  type Outcome,
  removeTest,
  replyText,
  setExpected,
  testMessage,
  testOutcome,
} from "../session/agent-tests.ts";
import { type TestResult, testKey } from "../session/test-runs.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Input, Textarea } from "../ui/input.tsx";
import { Progress } from "../ui/progress.tsx";
import { FieldInputs, useExtraFields } from "./extra-fields.tsx";

const TONE: Record<Outcome, Tone> = { passed: "ok", failed: "bad", running: "accent", waiting: "warn" };

/** The tests of the agent: runs all of them and shows which pass. */
export function TestsPanel() {
  const { t } = useTranslation("testing");
  const { tests: runs } = useWorkbench();
  const tests = useGraph((graph) => graph.tests);
  const results = useStore(runs, (state) => state.results);
  const progress = useStore(runs, (state) => state.progress);
  const outcomes = tests.map((test) => outcomeOf(test, results.get(testKey(test)))?.outcome);
  const passed = outcomes.filter((outcome) => outcome === "passed").length;
  const known = outcomes.filter((outcome) => outcome !== undefined).length;
  return (
    <div className="flex flex-col gap-3.5 p-4">
      <p className="text-ink-2">{t("testsHelp")}</p>
      {tests.length > 0 && (
        <div className="flex items-center gap-3">
          {progress ? (
            <Button icon={CircleStop} onClick={runs.cancel}>
              {t("cancelAll")}
            </Button>
          ) : (
            <Button variant="solid" icon={Play} onClick={() => void runs.run(tests)}>
              {t("runAll")}
            </Button>
          )}
          <span role="status" className="text-ink-2 text-sm tnum">
            {progress ? t("progress", progress) : known > 0 && t("summary", { passed, count: tests.length })}
          </span>
          {progress && (
            <Progress className="flex-1" value={progress.done / progress.count} label={t("progress", progress)} />
          )}
        </div>
      )}
      {tests.length === 0 ? (
        <EmptyState icon={FlaskConical} title={t("noTests")}>
          {t("noTestsHelp")}
        </EmptyState>
      ) : (
        <ul className="flex flex-col rounded-lg border border-line" aria-label={t("tests")}>
          {tests.map((test, index) => (
            <TestRow key={testKey(test)} test={test} index={index} result={results.get(testKey(test))} />
          ))}
        </ul>
      )}
      <NewTest />
    </div>
  );
}

function outcomeOf(test: GraphTest, result: TestResult | undefined): ReturnType<typeof testOutcome> | undefined {
  if (!result) return undefined;
  if (result.error || !result.runState) return { outcome: "failed" };
  return testOutcome(test, result.runState);
}

function TestRow({ test, index, result }: { test: GraphTest; index: number; result?: TestResult }) {
  const { t } = useTranslation("testing");
  const workbench = useWorkbench();
  const frozen = useDocument((state) => state.frozen);
  const judged = outcomeOf(test, result);
  const view = result?.runState?.view;
  const failure = result?.error?.message ?? view?.error?.message;
  const reply = result?.runState ? replyText(result.runState) : "";
  return (
    <li className="flex flex-col gap-1.5 border-line border-b px-3 py-2.5 last:border-b-0">
      <div className="flex items-start gap-2">
        <p className="line-clamp-2 min-w-0 flex-1 font-medium">{test.name || testMessage(test)}</p>
        <Badge tone={judged ? TONE[judged.outcome] : "neutral"} dot={judged !== undefined}>
          {t(`outcome.${judged?.outcome ?? "todo"}`)}
        </Badge>
        <IconButton
          icon={Trash2}
          size="sm"
          danger
          disabled={frozen}
          label={t("removeTest", { name: test.name })}
          side="left"
          onClick={() => workbench.apply(removeTest(index))}
        />
      </div>
      {reply && <p className="line-clamp-3 text-ink-2 text-sm">{reply}</p>}
      {failure && <p className="text-bad text-sm">{failure}</p>}
      {judged?.lacks && <p className="text-bad text-sm">{t("textMissing", { text: judged.lacks })}</p>}
      {judged?.outcome === "waiting" && <p className="text-sm text-warn">{t("needsApproval")}</p>}
      <div className="flex items-center gap-2">
        <Input
          className="h-7 min-w-0 flex-1 text-sm"
          aria-label={`${t("testExpect")}: ${test.name}`}
          placeholder={t("testExpect")}
          value={expectedText(test)}
          disabled={frozen}
          onChange={(event) => workbench.apply(setExpected(index, event.target.value))}
          onBlur={() => workbench.document.seal()}
        />
        {view?.endedAt !== undefined && (
          <span className="whitespace-nowrap text-ink-3 text-sm tnum">
            {format.span(view.endedAt - view.startedAt)}
            {view.usage.costUsd !== undefined && ` · ${format.dollars(view.usage.costUsd)}`}
          </span>
        )}
        {view && view.id !== "" && (
          <Link
            href={`/runs/${view.id}/graph`}
            className="whitespace-nowrap rounded-sm text-accent text-sm hover:underline"
          >
            {t("openRun")}
          </Link>
        )}
      </div>
    </li>
  );
}

function NewTest() {
  const { t } = useTranslation("testing");
  const workbench = useWorkbench();
  const frozen = useDocument((state) => state.frozen);
  const fields = useExtraFields("test");
  const [message, setMessage] = useState("");
  const [contains, setContains] = useState("");
  const add = () => {
    const text = message.trim();
    if (text === "") return;
    workbench.apply(addTest({ ...fields.values, message: text }, contains.trim()));
    setMessage("");
    setContains("");
  };
  return (
    <Form onSubmit={add} className="flex flex-col gap-3 rounded-lg bg-paper p-3">
      <Field label={t("message")}>
        <Textarea rows={2} value={message} disabled={frozen} onChange={(event) => setMessage(event.target.value)} />
      </Field>
      <FieldInputs fields={fields} />
      <Field label={t("testExpect")} help={t("testExpectHelp")}>
        <Input value={contains} disabled={frozen} onChange={(event) => setContains(event.target.value)} />
      </Field>
      <Button type="submit" icon={Plus} className="self-start" disabled={frozen || message.trim() === ""}>
        {t("addTest")}
      </Button>
    </Form>
  );
}
