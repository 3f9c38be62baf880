/** Errors and visitors that say nothing about the application. Left out unless asked for. */

const EXTENSION = /-extension:\/\//;
const HARMLESS = /^(?:Script error|ResizeObserver loop)/;
const CRAWLER = /bot\b|crawl|spider|lighthouse/i;

export function isNoise(message: string, stack: string): boolean {
  return HARMLESS.test(message) || EXTENSION.test(stack);
}

/** Only in a page. */
export function isCrawler(): boolean {
  return CRAWLER.test(navigator.userAgent);
}
