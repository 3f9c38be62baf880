/** A `page_view` for the first page and for each navigation inside a single-page application. */
import { currentPage, safeUrl } from '../collector/page.js';
import { listen, type Instrument } from './instrument.js';

export function pageViews(): Instrument {
  return (collector) => {
    let page: string | undefined;
    let referrer = document.referrer && safeUrl(document.referrer);

    function look(): void {
      const now = currentPage();
      if (now === page) return;
      page = now;
      collector.track({ type: 'page_view', page, metadata: { referrer: referrer || undefined } });
      referrer = page!;
      collector.trail.add({ category: 'navigation', message: page! });
    }

    const stop = watchHistory(look);
    // A page that is rendered ahead of time has not been seen by anybody yet.
    if ((document as { prerendering?: boolean }).prerendering) listen(document, 'prerenderingchange', look);
    else look();
    return stop;
  };
}

/** The `navigation` API where there is one, else the history's own methods. */
function watchHistory(look: () => void): () => void {
  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) return listen(navigation, 'currententrychange', look);
  const stops = [listen(window, 'popstate', look)];
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name];
    history[name] = function (this: History, ...call) {
      original.apply(this, call);
      look();
    };
    stops.push(() => (history[name] = original));
  }
  return () => stops.forEach((stop) => stop());
}
