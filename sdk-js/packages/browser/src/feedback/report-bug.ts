/**
 * Asks the person what went wrong, in a dialog of its own: keyboard and screen reader work, the page's styles can't reach
 * in, its custom properties can (`--holdfast-accent` and others), and no style that a strict CSP would refuse is used.
 */
import { attempt } from '../collector/attempt.js';
import { newId } from '../collector/ids.js';
import type { TelemetryCollector } from '../collector/collector.js';
import { getCollector } from '../shared-collector.js';
import { buildDialog, type DialogLabels } from './dialog.js';
import { sendFeedback, type FeedbackAnswer } from './send-feedback.js';

export interface ReportBugOptions {
  collector?: TelemetryCollector | undefined;
  /** How to take a picture; false leaves the question out. */
  screenshot?: (() => Promise<string>) | false | undefined;
  labels?: Partial<DialogLabels> | undefined;
  metadata?: Record<string, unknown> | undefined;
}

let open: Promise<FeedbackAnswer | undefined> | undefined;

/** Resolves with the server's answer, or with nothing when the person closed the dialog. One dialog at a time. */
export function reportBug(options: ReportBugOptions = {}): Promise<FeedbackAnswer | undefined> {
  open ??= ask(options).finally(() => (open = undefined));
  return open;
}

async function ask({ collector = getCollector(), screenshot, labels, metadata }: ReportBugOptions): Promise<FeedbackAnswer | undefined> {
  const opener = document.activeElement as HTMLElement | null;
  // One for all tries: an answer may get lost on its way.
  const id = newId();
  const dialog = buildDialog(labels, !!screenshot);
  document.body.append(dialog.host);
  dialog.show();
  return new Promise((resolve) => {
    function close(answer?: FeedbackAnswer): void {
      dialog.host.remove();
      attempt(() => opener?.focus());
      resolve(answer);
    }
    dialog.onCancel(() => close());
    dialog.onSubmit(async ({ message, contact, wantsPicture }) => {
      dialog.busy(true);
      try {
        const picture = wantsPicture && screenshot ? await screenshot().catch(() => undefined) : undefined;
        const answer = await sendFeedback({ id, message, contact, screenshot: picture, metadata }, collector);
        close(answer);
      } catch (problem) {
        dialog.busy(false);
        dialog.say((problem as Error).message);
      }
    });
  });
}
