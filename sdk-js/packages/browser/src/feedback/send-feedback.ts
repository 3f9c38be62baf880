/** Sends what a person reported: their words, the page, the last breadcrumbs, a picture if they wanted one. */
import { inPage } from '../collector/attempt.js';
import type { TelemetryCollector } from '../collector/collector.js';
import { serverUrl } from '../collector/config.js';
import { getCollector } from '../shared-collector.js';

export interface Feedback {
  /** Your own name for it: the same sent again counts once. */
  id?: string | undefined;
  message: string;
  /** How to reach the person, if they said. */
  contact?: string | undefined;
  /** A data URL. */
  screenshot?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
}

export interface FeedbackAnswer {
  errorId?: string;
  [field: string]: unknown;
}

/** Rejects with a sentence for the person when it could not be sent. */
export async function sendFeedback(feedback: Feedback, collector: TelemetryCollector = getCollector()): Promise<FeedbackAnswer> {
  const { endpoint, key, enabled, userId, release, environment } = collector.getConfig();
  if (!enabled || !endpoint) throw new Error('Reporting is switched off on this page.');
  const body = {
    ...feedback,
    page: inPage ? location.pathname : undefined,
    url: inPage ? location.origin + location.pathname : undefined,
    userAgent: navigator.userAgent,
    sessionId: collector.getSessionId(),
    userId,
    release,
    environment,
    breadcrumbs: collector.trail.list(),
  };
  const answer = await fetch(serverUrl(endpoint, 'feedback', key), {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain' },
    body: JSON.stringify(body),
    credentials: 'omit',
    holdfast: 1,
  } as RequestInit).catch(() => undefined);
  if (!answer?.ok) throw new Error(reason(answer?.status));
  return (await answer.json().catch(() => ({}))) as FeedbackAnswer;
}

function reason(status: number | undefined): string {
  if (!status) return 'The report could not be sent. Check the connection and try again.';
  if (status === 413) return 'The report is too large. Try again without the picture.';
  return 'The report was not accepted. Try again in a moment.';
}
