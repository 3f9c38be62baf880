/** A `page_view` for the first page and for each navigation inside a single-page application. */
import { currentPage, safeUrl } from '../collector/page.js';
import type { Instrument } from './instrument.js';

export function pageViews(): Instrument {
  return (collector) => {
    let on = true;
    let page: string | undefined;
    let referrer = (document.referrer && safeUrl(document.referrer)) || undefined;

    function look(): void {
      const now = currentPage();
      if (!on || now === page) return;
      page = now;
      collector.note({ type: 'page_view', page, metadata: { referrer } });
      referrer = page;
      collector.trail.add({ category: 'navigation', message: page! });
    }

    watchHistory(look);
    // A page that is rendered ahead of time has not been seen by anybody yet.
    if ((document as { prerendering?: boolean }).prerendering) document.addEventListener('prerenderingchange', look);
    else look();
    return () => (on = false);
  };
}

/** The `navigation` API where there is one, else the history's own methods: others may have wrapped ours, so it stays. */
function watchHistory(look: () => void): void {
  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) return navigation.addEventListener('currententrychange', look);
  addEventListener('popstate', look);
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name];
    history[name] = function (this: History, ...call) {
      original.apply(this, call);
      look();
    };
  }
}
