import type { DialogLabels } from '@holdfast/browser/report-bug';
import { useState, type CSSProperties } from 'react';
import { useTelemetry } from './telemetry-provider.js';

export interface ReportBugButtonProps {
  /** Leave the button out for people who see the errors anyway: those of whom `TelemetryProvider isAdmin` says so. */
  hideForAdmin?: boolean;
  /** Says it here instead of at the provider. */
  isAdmin?: boolean;
  label?: string;
  labels?: Partial<DialogLabels>;
  /** False leaves out the offer to attach a picture. */
  screenshot?: boolean;
  className?: string;
  style?: CSSProperties;
}

const CORNER: CSSProperties = {
  position: 'fixed', right: 16, bottom: 16, zIndex: 2147483000, padding: '10px 14px', borderRadius: 8, cursor: 'pointer',
  font: '600 14px/1.2 system-ui, sans-serif', border: '1px solid transparent', color: 'var(--holdfast-accent-text, #fff)',
  background: 'var(--holdfast-accent, #1c64d1)',
};

/** A button in the corner that lets people say what went wrong. Its dialog is loaded when it is first pressed. */
export function ReportBugButton({ hideForAdmin = false, isAdmin, label = 'Report a problem', labels, screenshot = true, className, style }: ReportBugButtonProps) {
  const telemetry = useTelemetry();
  const { collector } = telemetry;
  const [note, setNote] = useState('');
  if (hideForAdmin && (isAdmin ?? telemetry.isAdmin)) return null;
  async function ask(): Promise<void> {
    const { reportBug } = await import('@holdfast/browser/report-bug');
    const answer = await reportBug({ collector, labels, ...(!screenshot && { screenshot: false }) });
    if (answer) setNote('Report sent. Thank you.');
  }
  return (
    <>
      <button type="button" data-holdfast-dialog="" className={className} style={className ? style : { ...CORNER, ...style }} onClick={() => void ask()}>
        {label}
      </button>
      <span role="status" style={{ position: 'absolute', width: 1, height: 1, overflow: 'hidden', clipPath: 'inset(50%)' }}>
        {note}
      </span>
    </>
  );
}
