/**
 * The one place that events pass: consent, sampling, cleaning, buffer, flush. It is a guest in the page: no method
 * throws, waits or grows past its limits, and what it gives up on is counted and reported to the server.
 */
import { sealBatch } from '../delivery/batch.js';
import { httpTransport } from '../delivery/http.js';
import { createOutbox, type Outbox } from '../delivery/outbox.js';
import { customTransport, type Transport } from '../delivery/transport.js';
import { captureError, type ErrorContext } from '../errors/capture-error.js';
import { createTrail, type Trail } from '../errors/trail.js';
import { createCleaner, type Cleaner } from '../privacy/clean.js';
import { createNameRule } from '../privacy/names.js';
import { watch } from '../instruments/instrument.js';
import { inPage, later } from './attempt.js';
import { batchUrl, DEFAULTS, type TelemetryConfig } from './config.js';
import type { DropReason, TelemetryEvent } from './event.js';
import { createIdentity, type Identity } from './identity.js';
import { createLedger } from './ledger.js';
import { currentPage } from './page.js';
import { createSampler } from './sampling.js';
import { pageStorage } from './storage.js';
import { toWire } from './wire.js';

const MAX_EVENTS_IN_MEMORY = 100;
const LEFTOVERS_AFTER_MS = 2_000;

export class TelemetryCollector {
  #config: TelemetryConfig;
  /** What happened lately on this page; errors take it along. */
  readonly trail: Trail = createTrail();
  readonly #buffer: TelemetryEvent[] = [];
  readonly #ledger = createLedger();
  readonly #refuse = createSampler();
  readonly #identity: Identity | undefined;
  readonly #outbox: Outbox;
  #unwatch: (() => void) | undefined;
  #clean: Cleaner;
  /** What is the same in every event. */
  #fixed: Record<string, unknown> = {};
  #transport: Transport | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(config: Partial<TelemetryConfig> = {}) {
    const storage = pageStorage();
    this.#config = merged(DEFAULTS, config);
    this.#identity = inPage() ? createIdentity(storage) : undefined;
    this.#outbox = createOutbox({
      transport: () => this.#transport,
      storage,
      prefix: () => `holdfast:queue:${this.#config.key}:`,
      onDrop: (reason, batch) => this.#ledger.lose(reason, batch),
    });
    this.#clean = this.#apply();
    if (inPage()) this.#watchPage();
  }

  /** Record one event. */
  track(event: TelemetryEvent): void {
    const config = this.#config;
    if (!config.enabled) return;
    const isError = event?.type === 'error';
    try {
      const refused = this.#refuse(config, isError);
      if (refused) return this.#ledger.add(refused, isError);
      const wire = this.#clean(toWire(event)) as TelemetryEvent;
      // `type` comes first: the outbox tells errors by it.
      const safe: TelemetryEvent = Object.assign({ type: '' }, this.#context(), wire);
      const kept = config.beforeSend ? config.beforeSend(safe) : safe;
      if (config.debug) console.debug(kept);
      if (kept) this.#add(kept, isError);
      else this.#ledger.add('filtered', isError);
    } catch {
      this.#ledger.add('rejected', isError);
    }
  }

  /** Record a measured value: `{ name: 'api.latency', value: 150, unit: 'ms' }`. */
  trackPerformance(measure: { name: string; value: number; unit?: string; [field: string]: unknown }): void {
    this.track({ ...measure, type: 'performance' });
  }

  /** Record an error that the application handled. The answer is the id of this occurrence. */
  trackError(error: unknown, context: ErrorContext | Record<string, unknown> = {}): string {
    return captureError(error, { context, handled: true, collector: this });
  }

  /** Send what waits. Resolves when it was sent, or when sending failed and will be tried again later. */
  async flush(): Promise<void> {
    this.#pack(false);
    await this.#outbox.drain();
  }

  /** Send what waits and stop. The collector records nothing afterwards. */
  destroy(): void {
    this.#unwatch?.();
    this.#pack(false);
    this.#config.enabled = false;
    void this.#outbox.drain().then(this.#outbox.stop);
  }

  getConfig(): Readonly<TelemetryConfig> {
    return { ...this.#config };
  }

  /** Change settings at run time. `{ enabled: false }` withdraws consent: what waits is erased. */
  updateConfig(changes: Partial<TelemetryConfig>): void {
    this.#config = merged(this.#config, changes);
    this.#clean = this.#apply();
    this.#arm(0);
  }

  /** `size` counts the events in memory: in the buffer, and in batches not yet delivered or stored. */
  getBufferStatus(): { size: number; maxSize: number } {
    return { size: this.#buffer.length + this.#outbox.held(), maxSize: this.#config.maxBufferSize };
  }

  /** Who uses the page from now on; nobody with null. */
  setUserId(userId: string | null | undefined): void {
    this.updateConfig({ userId: userId ?? '' });
  }

  /** This visit's id, for calls that are recorded on the server. Empty while the collector is off. */
  getSessionId(): string {
    return (this.#config.enabled && this.#identity?.visit(Date.now())) || '';
  }

  /**
   * Count something that was left out on purpose, so that the server's ledger adds up.
   * @internal
   */
  noteDropped(reason: DropReason, isError = false): void {
    if (this.#config.enabled) this.#ledger.add(reason, isError);
  }

  #context(): Record<string, unknown> {
    const timestamp = Date.now();
    return { timestamp, page: currentPage(), sessionId: this.#identity?.visit(timestamp), anonymousId: this.#identity?.visitor(), ...this.#fixed };
  }

  #add(event: TelemetryEvent, isError: boolean): void {
    if (this.#buffer.length + this.#outbox.held() >= MAX_EVENTS_IN_MEMORY) this.#pack(false);
    if (this.#buffer.length >= MAX_EVENTS_IN_MEMORY) return this.#ledger.add('queue_overflow', isError);
    this.#buffer.push(event);
    if (this.#buffer.length >= this.#config.maxBufferSize) this.#pack(false);
    else this.#arm(this.#config.flushIntervalMs);
  }

  #arm(delayMs: number): void {
    if (!this.#config.enabled || (this.#timer && delayMs)) return;
    clearTimeout(this.#timer);
    this.#timer = later(() => this.flush(), delayMs);
  }

  /** Seal the buffer into batches and hand them over. Without a transport they stay where they are. */
  #pack(leaving: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#transport && this.#config.transport !== 'localStorage') return;
    const parts = this.#buffer.splice(0).map((event) => JSON.stringify(event));
    const batches = [];
    let dropped = this.#ledger.take();
    while (parts.length || dropped.length) {
      batches.push(sealBatch(parts, dropped));
      dropped = [];
    }
    if (leaving) this.#outbox.leave(batches);
    else for (const batch of batches) this.#outbox.put(batch);
  }

  #watchPage(): void {
    // On `window`, after the document's own listeners: what they record on hiding still goes along.
    this.#unwatch = watch(window, {
      visibilitychange: () => (document.hidden ? this.#pack(true) : this.#arm(0)),
      pagehide: () => this.#pack(true),
      online: this.#outbox.wake,
    });
    // What an earlier page left behind goes out when this one has settled.
    this.#arm(LEFTOVERS_AFTER_MS);
  }

  #apply(): Cleaner {
    const { enabled, redactPII, redactFields, userId, release, environment } = this.#config;
    this.#transport = enabled ? transportOf(this.#config) : undefined;
    if (!enabled) this.#forget();
    const clean = createCleaner(redactPII ? createNameRule(redactFields) : undefined);
    // Cleaned once, not with each event.
    this.#fixed = clean({ userId: userId || undefined, release, environment });
    return clean;
  }

  #forget(): void {
    this.#buffer.length = 0;
    this.#ledger.take();
    this.#outbox.clear();
    this.#identity?.forget();
  }
}

function transportOf({ transport, endpoint, key, customTransport: deliver }: TelemetryConfig): Transport | undefined {
  const print = (events: TelemetryEvent[]) => events.forEach((event) => console.log(event.type, event));
  if (transport === 'custom') return deliver && customTransport(deliver);
  if (transport === 'console') return customTransport(print);
  return transport === 'http' && endpoint ? httpTransport(batchUrl(endpoint, key)) : undefined;
}

function merged(config: TelemetryConfig, changes: Partial<TelemetryConfig>): TelemetryConfig {
  const next: Record<string, unknown> & TelemetryConfig = { ...config };
  for (const name in changes) next[name] = changes[name as keyof TelemetryConfig] ?? next[name];
  next.maxBufferSize = Math.min(Math.max(next.maxBufferSize | 0, 1), MAX_EVENTS_IN_MEMORY);
  return next;
}
