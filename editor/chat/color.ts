/** The owner's colour on the chat page: of the send button, and as a tint of the visitor's messages. */

/** Texts on the colour are black or white, whichever contrasts more (WCAG relative luminance). */
export function applyColor(color: string | undefined): void {
  const { style } = document.documentElement;
  if (color === undefined) {
    for (const name of ["--brand", "--on-brand", "--brand-soft"]) style.removeProperty(name);
    return;
  }
  style.setProperty("--brand", color);
  style.setProperty("--on-brand", luminance(color) > 0.179 ? "#000000" : "#ffffff");
  style.setProperty("--brand-soft", `color-mix(in srgb, ${color} 14%, var(--surface))`);
}

/** Of #rrggbb, 0 to 1. */
function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
