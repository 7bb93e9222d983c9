import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Button, LinkButton } from "../ui/button.tsx";
import { CodeBlock } from "../ui/code-block.tsx";

/** An error boundary: a page that throws does not break the frame. Navigating to another page clears it. */
export function PageErrors({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  return <Boundary key={path}>{children}</Boundary>;
}

class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    return this.state.error ? <Crashed error={this.state.error} /> : this.props.children;
  }
}

function Crashed({ error }: { error: Error }) {
  const { t } = useTranslation("common");
  return (
    <div className="mx-auto flex h-full max-w-xl flex-col justify-center gap-3 px-6" role="alert">
      <h1 className="font-semibold text-xl">{t("error.crashed")}</h1>
      <p className="text-ink-2">{t("error.crashedHelp")}</p>
      <CodeBlock code={error.stack ?? error.message} wrap />
      <div className="flex gap-2">
        <Button variant="solid" onClick={() => location.reload()}>
          {t("error.reload")}
        </Button>
        <LinkButton href="/">{t("error.home")}</LinkButton>
      </div>
    </div>
  );
}
