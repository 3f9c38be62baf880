/** The shape of what is collected and of what goes over the wire; no behaviour here. */

/** One fact. `track` takes as much as the caller knows; the collector adds who, where and when. */
export interface TelemetryEvent {
  type: string;
  /** Epoch milliseconds; now, when left out. */
  timestamp?: number | undefined;
  page?: string | undefined;
  action?: string | undefined;
  /** Milliseconds. */
  duration?: number | undefined;
  component?: string | undefined;
  name?: string | undefined;
  value?: number | undefined;
  unit?: string | undefined;
  method?: string | undefined;
  status?: number | undefined;
  /** The route of an API call with its ids replaced, such as `/api/orders/[id]`. */
  endpoint?: string | undefined;
  sessionId?: string | undefined;
  userId?: string | undefined;
  anonymousId?: string | undefined;
  release?: string | undefined;
  environment?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** Another name for `metadata`. When both stand, `metadata` wins key by key. */
  data?: Record<string, unknown> | undefined;
  /** Fields that Holdfast does not know are kept in `metadata` by the server. */
  [field: string]: unknown;
}

/** What the page itself threw away, so that the server's ledger adds up. */
export interface Dropped {
  reason: DropReason;
  category: 'event' | 'error';
  quantity: number;
}

export type DropReason = 'sampled' | 'filtered' | 'limited' | 'queue_overflow' | 'expired' | 'rejected';
