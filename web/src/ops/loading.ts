// What stands where something is still being read.

import { h } from "../dom";
import { t } from "../text";

export const loading = (): HTMLElement => h("p.empty", { role: "status" }, t("loading"));
