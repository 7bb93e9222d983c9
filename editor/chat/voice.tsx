import { Mic } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { language } from "../i18n/index.ts";
import { IconButton } from "../ui/icon-button.tsx";

interface Recognition {
  lang: string;
  interimResults: boolean;
  start(): void;
  stop(): void;
  abort(): void;
  onresult: ((event: { results: ArrayLike<ArrayLike<{ transcript: string }>> }) => void) | null;
  onerror: ((event: { error: string }) => void) | null;
  onend: (() => void) | null;
}

/** Speech to text by the browser, if available. */
export function Voice({ onText, onProblem }: { onText(text: string): void; onProblem(sentence: string): void }) {
  const { t } = useTranslation("chat");
  const [listening, setListening] = useState<Recognition>();
  useEffect(() => () => listening?.abort(), [listening]);
  const world = window as {
    SpeechRecognition?: new () => Recognition;
    webkitSpeechRecognition?: new () => Recognition;
  };
  const Make = world.SpeechRecognition ?? world.webkitSpeechRecognition;
  if (!Make) return null;
  return (
    <IconButton
      icon={Mic}
      label={listening ? t("listening") : t("voiceInput")}
      pressed={listening !== undefined}
      onClick={() => {
        if (listening) return listening.stop();
        const recognition = new Make();
        recognition.lang = language() === "zh" ? "zh-CN" : "en-US";
        recognition.interimResults = false;
        recognition.onresult = (event) =>
          onText([...Array.from(event.results)].map((result) => result[0]?.transcript ?? "").join(" "));
        recognition.onerror = ({ error }) => {
          if (error !== "aborted" && error !== "no-speech")
            onProblem(t(error === "not-allowed" ? "noMicrophone" : "speechFailed"));
        };
        recognition.onend = () => setListening(undefined);
        setListening(recognition);
        recognition.start();
      }}
    />
  );
}
