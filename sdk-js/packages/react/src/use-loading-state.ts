import { useEffect, useRef } from 'react';
import { useResilienceTelemetry } from './use-resilience-telemetry.js';

interface Shown {
  at: number;
  /** Strict Mode takes an effect back and runs it again at once: only one that stays away was hidden. */
  isLeaving: boolean;
}

/** Records how long a loading state was on screen: shown when `isLoading` begins, hidden when it ends or is unmounted. */
export function useLoadingState(component: string, isLoading: boolean): void {
  const { track } = useResilienceTelemetry();
  const shown = useRef<Shown | undefined>(undefined);
  useEffect(() => {
    if (!isLoading) return;
    if (shown.current) shown.current.isLeaving = false;
    else {
      shown.current = { at: performance.now(), isLeaving: false };
      track.loadingSkeletonShown(component);
    }
    return () => {
      const current = shown.current!;
      const hiddenAt = performance.now();
      current.isLeaving = true;
      queueMicrotask(() => {
        if (!current.isLeaving) return;
        shown.current = undefined;
        track.loadingSkeletonHidden(component, Math.round(hiddenAt - current.at));
      });
    };
  }, [component, isLoading, track]);
}
