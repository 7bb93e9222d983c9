import {
  createContext,
  isValidElement,
  memo,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import Markdown, { defaultUrlTransform } from "react-markdown";
import remarkGfm from "remark-gfm";
import type { Document } from "../../runtime/message.ts";
import { CopyButton } from "../ui/code-block.tsx";
import { PassageText } from "../ui/passage-text.tsx";
import { Popover } from "../ui/popover.tsx";
import { CITE, linkCitations } from "./citations.ts";
import { markdownBlocks } from "./markdown-blocks.ts";
import { sourceText } from "./value-view.tsx";

const Cited = createContext<readonly Document[]>([]);

export interface AnswerProps {
  text: string;
  documents: readonly Document[];
  /** Renders a URL that refers to a file of the run; returns nothing for other URLs. */
  file?(address: string, name: string): ReactNode;
}

/**
 * A reply as Markdown. Citations open their passage. External images and HTML are not rendered. While it grows, only its last
 * block is parsed again, and not at each token: the time is needed by the canvas.
 */
export function Answer({ text, documents, file, growing = false }: AnswerProps & { growing?: boolean }) {
  const shown = useSteady(text, growing);
  const passages = documents.length;
  const blocks = useMemo(() => markdownBlocks(linkCitations(shown, passages)), [shown, passages]);
  return (
    <Cited.Provider value={documents}>
      <div className="prose-answer">
        {blocks.map((block, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a growing text keeps its earlier blocks
          <Block key={index} text={block} file={file} />
        ))}
      </div>
    </Cited.Provider>
  );
}

/** The least time between two states of a growing text, in milliseconds; more for a longer text. */
const STEP_MS = 80;

function useSteady(text: string, growing: boolean): string {
  const [shown, setShown] = useState(text);
  const latest = useRef(text);
  useEffect(() => {
    latest.current = text;
  });
  useEffect(() => {
    if (!growing) return;
    let timer: ReturnType<typeof setTimeout>;
    const step = () => {
      setShown(latest.current);
      timer = setTimeout(step, Math.min(1000, STEP_MS + latest.current.length / 40));
    };
    step();
    return () => clearTimeout(timer);
  }, [growing]);
  return growing ? shown : text;
}

const Block = memo(function Block({ text, file }: Pick<AnswerProps, "text" | "file">) {
  return (
    <Markdown
      remarkPlugins={[remarkGfm]}
      skipHtml
      urlTransform={(url) => (url.startsWith("artifact://") ? url : defaultUrlTransform(url))}
      components={{
        a: ({ href = "", children }) =>
          href.startsWith(CITE) ? (
            <Citation number={Number(href.slice(CITE.length))} />
          ) : (
            (file?.(href, plainText(children)) ?? <OutsideLink href={href}>{children}</OutsideLink>)
          ),
        img: ({ src, alt = "" }) => {
          const address = typeof src === "string" ? src : "";
          return <>{file?.(address, alt) ?? <LocalImage src={address} alt={alt} />}</>;
        },
        pre: ({ children }) => <Code>{children}</Code>,
        table: ({ children }) => (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
          <div className="overflow-x-auto" tabIndex={0}>
            <table>{children}</table>
          </div>
        ),
      }}
    >
      {text}
    </Markdown>
  );
});

/** A link written by a model: shows its host. A link that is not HTTP is shown as text. */
function OutsideLink({ href, children }: { href?: string; children: ReactNode }) {
  const host = hostOf(href);
  if (host === undefined) return <>{children}</>;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener nofollow">
      {children}
      {!plainText(children).includes(host) && <span className="text-ink-3"> ({host})</span>}
    </a>
  );
}

function hostOf(href: string | undefined): string | undefined {
  if (!href || !/^https?:\/\//i.test(href)) return undefined;
  return URL.canParse(href) ? new URL(href).host : undefined;
}

/** Only files of this server are shown: loading an external image would reveal that the reply is read. */
function LocalImage({ src, alt }: { src: string; alt: string }): ReactNode {
  return src.startsWith("/api/files/") ? (
    <img src={src} alt={alt} className="max-w-full rounded-md" />
  ) : (
    <code>{alt || src}</code>
  );
}

/** A code block with a copy button. */
function Code({ children }: { children: ReactNode }) {
  return (
    <div className="relative">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard */}
      <pre tabIndex={0}>{children}</pre>
      <CopyButton text={plainText(children).replace(/\n$/, "")} className="absolute top-1 right-1 bg-paper" />
    </div>
  );
}

/** The text of a React node. */
function plainText(node: ReactNode): string {
  if (typeof node === "string" || typeof node === "number") return String(node);
  if (Array.isArray(node)) return node.map(plainText).join("");
  return isValidElement<{ children?: ReactNode }>(node) ? plainText(node.props.children) : "";
}

function Citation({ number }: { number: number }) {
  const { t } = useTranslation("panels");
  const document = useContext(Cited)[number - 1];
  if (!document) return null;
  const source = sourceText(document);
  return (
    <Popover
      label={t("passage", { number })}
      className="w-80"
      trigger={
        <button
          type="button"
          className="touch-inline mx-0.5 inline-flex max-w-56 items-baseline gap-1 rounded-xs bg-kind-documents/11 px-1 align-baseline font-medium text-kind-documents text-xs hover:bg-kind-documents/20"
        >
          {number}
          <span className="truncate">{[document.title, source].filter(Boolean).join(", ")}</span>
        </button>
      }
    >
      <div className="max-h-72 overflow-y-auto p-3">
        <p className="font-medium">{document.title}</p>
        {source && <p className="text-ink-3 text-sm">{source}</p>}
        <PassageText text={document.text} className="mt-2 text-ink-2 text-sm" />
      </div>
    </Popover>
  );
}
