/** Brings what `track` was given into the wire's form. Fields without a column of their own become metadata on the server. */
import type { TelemetryEvent } from './event.js';

export function toWire({ type, data, metadata, ...fields }: TelemetryEvent): TelemetryEvent {
  const wire: TelemetryEvent = { type: type || 'event' };
  for (const name in fields) if (fields[name] != null) wire[name] = fields[name];
  if (data || metadata) wire.metadata = { ...data, ...metadata };
  return wire;
}
