import { useTranslation } from "react-i18next";
import type { Wait, WaitDecision } from "../../runtime/event.ts";
import { Button, type ButtonSize } from "../ui/button.tsx";

type Choice = WaitDecision["choice"];

/** The decisions that a wait allows, as buttons. */
export function WaitChoices({
  kind,
  size,
  disabled,
  busy,
  label,
  onChoose,
}: {
  kind: Wait["kind"];
  size?: ButtonSize;
  disabled: boolean;
  /** The decision that is being sent. */
  busy?: Choice;
  label?(choice: Choice): string;
  onChoose(choice: Choice): void;
}) {
  const { t } = useTranslation("panels");
  const choices: Choice[] = kind === "uncertain" ? ["retry", "skip", "fail"] : ["approve", "reject"];
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      {choices.map((choice, index) => (
        <Button
          key={choice}
          size={size}
          variant={index === 0 ? "solid" : "outline"}
          busy={busy === choice}
          disabled={disabled}
          onClick={() => onChoose(choice)}
        >
          {label ? label(choice) : t(`choice.${choice}`)}
        </Button>
      ))}
    </div>
  );
}
