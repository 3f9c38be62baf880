import { getCollector, type PerformanceMetrics, type TelemetryCollector } from '@holdfast/browser';
import { createContext, useContext, useMemo, type ReactNode } from 'react';

export interface Telemetry {
  collector: TelemetryCollector;
  /** What the provider was given. */
  performance: PerformanceMetrics | undefined;
  /** Whether the person sees the errors anyway; `ReportBugButton hideForAdmin` reads it. */
  isAdmin: boolean;
}

const TelemetryContext = createContext<Telemetry | undefined>(undefined);

export interface TelemetryProviderProps {
  /** A collector of your own; without it the page's one. The provider does not destroy it. */
  collector?: TelemetryCollector;
  performance?: PerformanceMetrics;
  isAdmin?: boolean;
  children?: ReactNode;
}

/** Gives the components below another collector than the page's. Without a provider every hook uses the page's one. */
export function TelemetryProvider({ collector, performance, isAdmin = false, children }: TelemetryProviderProps) {
  const telemetry = useMemo(() => ({ collector: collector ?? getCollector(), performance, isAdmin }), [collector, performance, isAdmin]);
  return <TelemetryContext.Provider value={telemetry}>{children}</TelemetryContext.Provider>;
}

export function useTelemetry(): Telemetry {
  return useContext(TelemetryContext) ?? { collector: getCollector(), performance: undefined, isAdmin: false };
}
