import type { ReactNode } from 'react';
import { useLoadingState } from './use-loading-state.js';

export interface SkeletonProps {
  /** Who speaks. Required: the rates are told by component. */
  component: string;
  /** Show the placeholder, or the children. Left out: the placeholder, as long as the skeleton is mounted. */
  loading?: boolean;
  /** What stands in for the children; a grey bar when left out. */
  fallback?: ReactNode;
  children?: ReactNode;
}

const BAR = { display: 'block', minHeight: '1em', borderRadius: 4, background: 'currentColor', opacity: 0.12 } as const;

/** A placeholder that records when it was shown, when it went, and how long people looked at it. */
export function Skeleton({ component, loading = true, fallback, children }: SkeletonProps) {
  useLoadingState(component, loading);
  if (!loading) return <>{children}</>;
  return (
    <span aria-busy="true" aria-live="polite">
      {fallback ?? <span style={BAR} />}
    </span>
  );
}
