import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";

/** The text of a note, as Markdown. A file of its own, so that graphs without notes do not load the parser. */
export function NoteText({ text }: { text: string }) {
  return <Markdown remarkPlugins={[remarkGfm]}>{text}</Markdown>;
}
