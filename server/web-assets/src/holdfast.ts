// The script of every page: htmx with its server-sent events, and our own behaviours. Charts come apart (charts/).

import htmx from "htmx.org";
import "htmx-ext-sse";
import { startWithin, stop } from "./mount";
import "./theme_choice";
import "./times";
import "./copy";
import "./dialogs";
import "./bar";
import "./pages";
import "./panels";
import "./feeds";
import "./tables";
import "./keys";
import "./chart_loader";

htmx.onLoad((root: Node) => {
  if (root instanceof Element) startWithin(root);
});
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  if (event.target instanceof Element) stop(event.target);
});
