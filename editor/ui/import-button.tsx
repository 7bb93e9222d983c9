import { Upload } from "lucide-react";
import { useRef } from "react";
import { Button } from "./button.tsx";

/** Opens the file dialog for JSON files. */
export function ImportButton({ label, busy, onFiles }: { label: string; busy: boolean; onFiles(files: File[]): void }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button icon={Upload} onClick={() => picker.current?.click()} busy={busy}>
        {label}
      </Button>
      <input
        ref={picker}
        type="file"
        accept=".json,application/json"
        multiple
        className="hidden"
        aria-label={label}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </>
  );
}
