import type { ComponentProps } from "react";

/** A form. Enter in a field submits it, also when its button is outside of it, as in the footer of a dialog. */
export function Form({
  onSubmit,
  className = "flex flex-col gap-4",
  children,
  ...rest
}: { onSubmit(): void } & Omit<ComponentProps<"form">, "onSubmit">) {
  return (
    <form
      className={className}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
      {...rest}
    >
      {children}
      <button type="submit" hidden tabIndex={-1} aria-hidden />
    </form>
  );
}
