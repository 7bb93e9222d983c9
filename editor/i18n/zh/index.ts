import { bodies } from "./bodies.ts";
import { builder } from "./builder.ts";
import { canvas } from "./canvas.ts";
import { chat } from "./chat.ts";
import { common } from "./common.ts";
import { editing } from "./editing.ts";
import { errors } from "./errors.ts";
import { fields } from "./fields.ts";
import { guide } from "./guide.ts";
import { home } from "./home.ts";
import { knowledge } from "./knowledge.ts";
import { models } from "./models.ts";
import { panels } from "./panels.ts";
import { runs } from "./runs.ts";
import { settings } from "./settings.ts";
import { shell } from "./shell.ts";
import { subagents } from "./subagents.ts";
import { templates } from "./templates.ts";
import { testing } from "./testing.ts";
import { tools } from "./tools.ts";
import { triggers } from "./triggers.ts";
import { usage } from "./usage.ts";
import { versions } from "./versions.ts";

export const zh = {
  bodies,
  builder,
  canvas,
  chat,
  common,
  editing,
  errors,
  fields,
  guide,
  home,
  knowledge,
  models,
  panels,
  runs,
  settings,
  shell,
  subagents,
  templates,
  tools,
  triggers,
  testing,
  usage,
  versions,
};
