/** `@holdfast/react`: hooks and components that record resilience signals. Safe to render on a server. */
export { TelemetryProvider, useTelemetry, type Telemetry, type TelemetryProviderProps } from './telemetry-provider.js';
export { useResilienceTelemetry } from './use-resilience-telemetry.js';
export { useOptimisticActionWithTelemetry } from './use-optimistic-action-with-telemetry.js';
export type { ActionStatus, OptimisticAction, OptimisticActionOptions } from './use-optimistic-action-with-telemetry.js';
export { useDebouncedClickWithTelemetry, type DebouncedClickOptions } from './use-debounced-click-with-telemetry.js';
export { ErrorBoundary, type ErrorBoundaryProps, type FallbackProps } from './error-boundary.js';
export { Skeleton, type SkeletonProps } from './skeleton.js';
export { useLoadingState } from './use-loading-state.js';
export { ReportBugButton, type ReportBugButtonProps } from './report-bug-button.js';
