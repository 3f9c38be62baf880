/** `@holdfast/browser/report-bug`: the dialog, with pictures by a library that is loaded when the first one is taken. */
import { reportBug as ask, type ReportBugOptions } from './report-bug.js';
import type { FeedbackAnswer } from './send-feedback.js';

export function reportBug(options: ReportBugOptions = {}): Promise<FeedbackAnswer | undefined> {
  return ask({ screenshot: async () => (await import('./screenshot.js')).captureScreenshot(), ...options });
}

export type { ReportBugOptions } from './report-bug.js';
export { sendFeedback, type Feedback, type FeedbackAnswer } from './send-feedback.js';
export type { DialogLabels } from './dialog.js';
