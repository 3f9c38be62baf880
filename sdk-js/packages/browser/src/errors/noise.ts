/** Errors and visitors that say nothing about the application. Left out unless asked for. */

/** Of an error's message and then its stack. */
export const NOISE = /^(?:Script error|ResizeObserver loop)|-extension:\/\//;
/** Of a browser's user agent. */
export const CRAWLER = /bot\b|crawl|spider|lighthouse/i;
