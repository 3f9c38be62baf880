import * as Sentry from "@sentry/browser";
import { totalOf } from "./cart";

const asked = new URLSearchParams(location.search);
Sentry.init({ dsn: asked.get("dsn")!, release: asked.get("release") ?? undefined });

function checkout(): void {
  document.title = String(totalOf([{ price: 3, count: 1 }, { price: -1, count: 2 }]));
}

setTimeout(() => checkout(), 0);
