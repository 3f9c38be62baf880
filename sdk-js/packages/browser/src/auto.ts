/** `@holdfast/browser/auto`: `init` with everything on that a page can be watched for. Each part can be switched off. */
import { breadcrumbs as watchBreadcrumbs, type BreadcrumbsOptions } from './instruments/breadcrumbs.js';
import { frustration as watchFrustration } from './instruments/frustration.js';
import { longTasks as watchLongTasks } from './instruments/long-tasks.js';
import { webVitals as watchWebVitals } from './instruments/web-vitals.js';
import { xhr } from './instruments/xhr.js';
import type { TelemetryCollector } from './collector/collector.js';
import { init as initCore, type InitOptions } from './init.js';

export interface AutoOptions extends InitOptions {
  breadcrumbs?: boolean | BreadcrumbsOptions;
  webVitals?: boolean;
  longTasks?: boolean;
  /** Rage and dead clicks. */
  frustration?: boolean;
}

export function init(options: AutoOptions = {}): TelemetryCollector {
  const { breadcrumbs = true, webVitals = true, longTasks = true, frustration = true, instruments = [], requests = true, ...core } = options;
  const more = [
    breadcrumbs && watchBreadcrumbs(breadcrumbs === true ? {} : breadcrumbs),
    webVitals && watchWebVitals(),
    longTasks && watchLongTasks(),
    frustration && watchFrustration(),
    requests && xhr(requests === true ? {} : requests),
  ];
  return initCore({ ...core, requests, instruments: [...more.filter((instrument) => !!instrument), ...instruments] });
}

export { stop } from './init.js';
