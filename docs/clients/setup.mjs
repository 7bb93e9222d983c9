/** Settings of the scripts, from environment variables. */
export const origin = process.env.SERVER ?? "http://127.0.0.1:4400";
/** The slug of a published agent. */
export const agent = process.env.AGENT ?? "handbook";
/** An agent key that may call it. */
export const key = process.env.KEY;

if (!key) throw new Error("Set KEY to an agent key (pb_…), and AGENT and SERVER where they differ from the defaults.");
