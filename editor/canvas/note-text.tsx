import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";

/** The words of a note, as Markdown. In a file of its own: most graphs open without the parser. */
export function NoteText({ text }: { text: string }) {
  return <Markdown remarkPlugins={[remarkGfm]}>{text}</Markdown>;
}
