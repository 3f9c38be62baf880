/**
 * The script-tag build: `<script src="…/sdk/holdfast.js" data-key="hf_pub_…" defer>`. The server is where the script came
 * from; every setting of `init` can be given as a data attribute, and `window.holdfast` has the rest.
 */
import { captureError } from './errors/capture-error.js';
import { init, stop, type AutoOptions } from './auto.js';
import { attempt } from './collector/attempt.js';
import { TelemetryCollector } from './collector/collector.js';
import { reportBug as ask, type ReportBugOptions } from './feedback/report-bug.js';
import { metrics } from './metrics.js';
import { createResilienceTelemetry } from './resilience/create-resilience-telemetry.js';
import { getCollector } from './shared-collector.js';

const script = document.currentScript as HTMLScriptElement | null;
const base = script?.src.replace(/sdk\/[^/]*$/, '') ?? '';

function reportBug(options: ReportBugOptions = {}) {
  const screenshot = async () => (await import(base + 'sdk/holdfast-screenshot.js')).captureScreenshot() as Promise<string>;
  return ask({ screenshot, ...options });
}

/** `data-release="1.2"`, `data-sample-errors="true"`, `data-web-vitals="false"`. */
function settings(data: DOMStringMap): AutoOptions {
  const read = (text: string) => (/^(?:true|false|\d+(?:\.\d+)?)$/.test(text) ? JSON.parse(text) : text);
  const given = Object.entries(data).map(([name, text]) => [name, name === 'release' || name === 'key' ? text : read(text ?? '')]);
  return { endpoint: base, ...Object.fromEntries(given), ...consent() };
}

const CONSENT = 'telemetry-consent';

/** What the person said on an earlier page; it wins over `data-enabled`. */
function consent(): { enabled?: boolean } {
  const said = attempt(() => localStorage.getItem(CONSENT), null);
  return said ? { enabled: said === 'granted' } : {};
}

function setConsent(granted: boolean): void {
  attempt(() => localStorage.setItem(CONSENT, granted ? 'granted' : 'denied'));
  getCollector().updateConfig({ enabled: granted });
}

const api = {
  ...metrics,
  init: (options: AutoOptions) => init({ endpoint: base, ...options, ...consent() }),
  stop,
  getCollector,
  reportBug,
  TelemetryCollector,
  resilience: createResilienceTelemetry(),
  captureError: (error: unknown, context?: Record<string, unknown>) => captureError(error, { collector: getCollector(), handled: true, context }),
  setUserId: (userId: string | null) => getCollector().setUserId(userId),
  setConsent,
};

export type HoldfastApi = typeof api;

Object.assign(window, { holdfast: api });
if (script?.dataset.key) init(settings(script.dataset));
