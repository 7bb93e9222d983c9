/** The worker thread of `parse.ts`. */
import { replyFromWorker } from "../../lib/worker-reply.ts";
import { parseHere } from "./parse-here.ts";

replyFromWorker(parseHere);
