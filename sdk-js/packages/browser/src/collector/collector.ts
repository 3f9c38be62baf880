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
const SETTLED_AFTER_MS = 2_000;

export class TelemetryCollector {
  #config = DEFAULTS;
  /** What happened lately on this page; errors take it along. */
  readonly trail: Trail = createTrail();
  readonly #buffer: TelemetryEvent[] = [];
  readonly #ledger = createLedger();
  readonly #refuse = createSampler();
  readonly #identity: Identity | undefined;
  readonly #outbox: Outbox;
  #unwatch: (() => void) | undefined;
  #clean!: Cleaner;
  /** What the library itself saw, as it came. */
  readonly #noted: TelemetryEvent[] = [];
  #transport: Transport | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(config: Partial<TelemetryConfig> = {}) {
    const storage = pageStorage();
    this.#identity = inPage ? createIdentity(storage) : undefined;
    this.#outbox = createOutbox({
      transport: () => this.#transport,
      storage,
      prefix: () => `holdfast:queue:${this.#config.key}:`,
      onDrop: (reason, batch) => this.#ledger.lose(reason, batch),
    });
    this.#apply(config);
    if (!inPage) return;
    // On `window`, after the document's own listeners: what they record on hiding still goes along.
    this.#unwatch = watch(window, {
      visibilitychange: () => (document.hidden ? this.#pack(true) : this.#arm(SETTLED_AFTER_MS)),
      pagehide: () => this.#pack(true),
      online: this.#outbox.wake,
    });
    // What an earlier page left behind goes out when this one has settled.
    this.#arm(SETTLED_AFTER_MS);
  }

  /** Record one event. */
  track(event: TelemetryEvent): void {
    const config = this.#config;
    if (!config.enabled) return;
    const isError = event?.type === 'error';
    try {
      const refused = this.#refuse(config, isError);
      if (refused) return this.#ledger.add(refused, isError);
      const { userId, release, environment } = config;
      const wire = this.#clean({ userId: userId || undefined, release, environment, ...toWire(event) });
      const timestamp = Date.now();
      const visit = { sessionId: this.#identity?.visit(timestamp), anonymousId: this.#identity?.visitor() };
      // `type` comes first: the outbox tells errors by it.
      const safe: TelemetryEvent = Object.assign({ type: '', timestamp, page: currentPage() }, visit, wire);
      const kept = config.beforeSend ? config.beforeSend(safe) : safe;
      if (config.debug) console.debug(kept);
      if (kept) this.#add(kept, this.#buffer);
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
    // What was seen before belongs to the settings, the person and the consent of then.
    this.#catchUp();
    this.#apply(changes);
    this.#arm(SETTLED_AFTER_MS);
  }

  /** `size` counts the events in memory: in the buffer, and in batches not yet delivered or stored. */
  getBufferStatus(): { size: number; maxSize: number } {
    return { size: this.#size() + this.#outbox.held(), maxSize: this.#config.maxBufferSize };
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
   * Record what the library itself saw. Nobody changes such an event, so the work on it waits for the next flush, and a
   * page that loads is spared it.
   * @internal
   */
  note(event: TelemetryEvent): void {
    if (this.#config.enabled) this.#add({ timestamp: Date.now(), page: currentPage(), ...event }, this.#noted);
  }

  /**
   * Count something that was left out on purpose, so that the server's ledger adds up.
   * @internal
   */
  noteDropped(reason: DropReason, isError = false): void {
    if (this.#config.enabled) this.#ledger.add(reason, isError);
  }

  #catchUp(): void {
    for (const event of this.#noted.splice(0)) this.track(event);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #add(event: TelemetryEvent, list: TelemetryEvent[]): void {
    if (this.getBufferStatus().size >= MAX_EVENTS_IN_MEMORY) this.#pack(false);
    if (this.#size() >= MAX_EVENTS_IN_MEMORY) return this.#ledger.add('queue_overflow', event.type === 'error');
    list.push(event);
    if (this.#size() >= this.#config.maxBufferSize) this.#pack(false);
    else this.#arm();
  }

  #size(): number {
    return this.#buffer.length + this.#noted.length;
  }

  #arm(mostMs = Infinity): void {
    if (this.#config.enabled) this.#timer ??= later(() => this.flush(), Math.min(mostMs, this.#config.flushIntervalMs));
  }

  /** Seal the buffer into batches and hand them over. Without a transport they stay where they are. */
  #pack(leaving: boolean): void {
    this.#catchUp();
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

  #apply(changes: Partial<TelemetryConfig>): void {
    this.#config = merged(this.#config, changes);
    const { enabled, redactPII, redactFields } = this.#config;
    this.#transport = enabled ? transportOf(this.#config) : undefined;
    if (!enabled) {
      this.#buffer.length = 0;
      this.#ledger.take();
      this.#outbox.erase();
      this.#identity?.forget();
    }
    this.#clean = createCleaner(redactPII ? createNameRule(redactFields) : undefined);
  }
}

function transportOf({ transport, endpoint, key, customTransport: deliver }: TelemetryConfig): Transport | undefined {
  const print = (events: TelemetryEvent[]) => events.forEach((event) => console.log(event.type, event));
  if (transport === 'custom') return deliver && customTransport(deliver);
  if (transport === 'console') return customTransport(print);
  return transport === 'http' && endpoint ? httpTransport(() => batchUrl(endpoint, key)) : undefined;
}

function merged(config: TelemetryConfig, changes: Partial<TelemetryConfig>): TelemetryConfig {
  const next: Record<string, unknown> & TelemetryConfig = { ...config };
  for (const name in changes) next[name] = changes[name as keyof TelemetryConfig] ?? next[name];
  next.maxBufferSize = Math.min(next.maxBufferSize | 0 || 1, MAX_EVENTS_IN_MEMORY);
  return next;
}
