import { getCollector, type TelemetryCollector } from '@holdfast/browser';
import { Component, type ErrorInfo, type ReactNode } from 'react';
import { createBoundaryRecorder, type BoundaryRecorder } from './boundary-recorder.js';

export interface FallbackProps {
  error: unknown;
  /** Try the children again. `method` says how, `retry` when left out. */
  reset: (method?: string) => void;
}

export interface ErrorBoundaryProps {
  /** Who speaks. Required: the rates are told by component. */
  component: string;
  fallback?: ReactNode | ((props: FallbackProps) => ReactNode);
  /** When one of these changes, the children are tried again. */
  resetKeys?: readonly unknown[];
  onError?: (error: unknown, info: ErrorInfo) => void;
  onReset?: (method: string) => void;
  collector?: TelemetryCollector;
  children?: ReactNode;
}

interface State {
  error: unknown;
  hasError: boolean;
}

const UP: State = { error: null, hasError: false };

/** Shows a fallback in place of children that crashed, and records how well people got out of it. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, State> {
  override state: State = UP;
  #recorder: BoundaryRecorder | undefined;
  /** Set by a reset until it is committed: only then it was really tried. */
  #method = '';

  static getDerivedStateFromError(error: unknown): State {
    return { error, hasError: true };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    this.#record().caught(error, info.componentStack);
    this.props.onError?.(error, info);
  }

  override componentDidUpdate(before: ErrorBoundaryProps): void {
    const { hasError } = this.state;
    if (hasError && this.#method === '' && isChanged(before.resetKeys, this.props.resetKeys)) return this.reset('reset_keys');
    if (!hasError && this.#method) {
      this.#record().resetting(this.#method);
      this.#method = '';
    } else if (hasError) this.#method = '';
  }

  override componentWillUnmount(): void {
    this.#recorder?.gone(!this.state.hasError);
  }

  reset = (method: unknown = 'retry'): void => {
    // Often given as a click handler, and then called with the event.
    const name = typeof method === 'string' ? method : 'retry';
    this.#method = name;
    this.props.onReset?.(name);
    this.setState(UP);
  };

  override render(): ReactNode {
    const { fallback = null, children } = this.props;
    const { error, hasError } = this.state;
    if (!hasError) return children;
    return typeof fallback === 'function' ? fallback({ error, reset: this.reset }) : fallback;
  }

  #record(): BoundaryRecorder {
    this.#recorder ??= createBoundaryRecorder(this.props.component, this.props.collector ?? getCollector());
    return this.#recorder;
  }
}

function isChanged(before: readonly unknown[] = [], now: readonly unknown[] = []): boolean {
  return before.length !== now.length || now.some((value, at) => !Object.is(value, before[at]));
}
