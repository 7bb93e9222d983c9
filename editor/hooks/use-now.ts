import { useEffect, useState } from "react";

/** The current time in milliseconds, updated every `everyMs` while `ticking`. */
export function useNow(ticking: boolean, everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [ticking, everyMs]);
  return now;
}
