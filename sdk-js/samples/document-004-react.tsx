/** Document 004, "React Integration", with its own provider. */
import { createContext, useContext, useEffect, useState } from 'react';
import { TelemetryCollector, PerformanceMetrics } from '@holdfast/browser';

const TelemetryContext = createContext<{
  collector: TelemetryCollector;
  performance: PerformanceMetrics;
} | null>(null);

export function TelemetryProvider({ children }: { children: React.ReactNode }) {
  const [telemetry] = useState(() => {
    const collector = new TelemetryCollector({
      enabled: true,
      transport: 'http',
      endpoint: '/api/telemetry',
    });
    const performance = new PerformanceMetrics(collector);
    return { collector, performance };
  });

  useEffect(() => {
    return () => {
      telemetry.collector.destroy();
      telemetry.performance.destroy();
    };
  }, [telemetry]);

  return (
    <TelemetryContext.Provider value={telemetry}>
      {children}
    </TelemetryContext.Provider>
  );
}

export function useTelemetry() {
  const context = useContext(TelemetryContext);
  if (!context) throw new Error('useTelemetry must be used within TelemetryProvider');
  return context;
}
