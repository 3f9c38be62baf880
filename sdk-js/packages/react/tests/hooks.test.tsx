import { act, cleanup, fireEvent, render, renderHook, screen } from '@testing-library/react';
import { StrictMode, Suspense, use, useState, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { ErrorBoundary as LibraryBoundary } from 'react-error-boundary';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRecorder, type Recorder } from '../../browser/tests/recorder.js';
import { ErrorBoundary, Skeleton, TelemetryProvider, useDebouncedClickWithTelemetry, useOptimisticActionWithTelemetry, useResilienceTelemetry } from '../src/index.js';
import { observeErrorBoundary } from '../src/react-error-boundary.js';

let recorder: Recorder;
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, 'error').mockImplementation(() => {});
  recorder = createRecorder();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** Strict Mode everywhere: what it runs twice must not be told twice. */
function Surroundings({ children }: { children: ReactNode }) {
  return (
    <StrictMode>
      <TelemetryProvider collector={recorder.collector}>{children}</TelemetryProvider>
    </StrictMode>
  );
}

describe('useResilienceTelemetry', () => {
  it('gives the same functions at every render', () => {
    const { result, rerender } = renderHook(() => useResilienceTelemetry(), { wrapper: Surroundings });
    const first = result.current;
    rerender();
    expect(result.current).toBe(first);
    first.track.optimisticActionStart('PaymentButton', 'payment_123');
    first.track.loadingSkeletonShown('VendorInbox');
    expect(recorder.types()).toEqual(['optimistic_action_start', 'loading_skeleton_shown']);
  });
});

describe('useOptimisticActionWithTelemetry', () => {
  it('tells start and success with one action id', async () => {
    const onSuccess = vi.fn();
    const { result } = renderHook(() => useOptimisticActionWithTelemetry({ action: async (n: number) => n + 1, component: 'Pay', onSuccess }), { wrapper: Surroundings });
    await act(() => result.current.execute(1));
    expect(result.current.status).toBe('success');
    expect(onSuccess).toHaveBeenCalledExactlyOnceWith(2);
    expect(recorder.types()).toEqual(['optimistic_action_start', 'optimistic_action_success']);
    const [start, end] = recorder.events();
    expect(end!.metadata!.action_id).toBe(start!.metadata!.action_id);
    expect(start!.component).toBe('Pay');
  });

  it('rolls back, times it, and leaves the error to look at', async () => {
    const rollback = vi.fn(() => new Promise<void>((done) => setTimeout(done, 40)));
    const { result } = renderHook(
      () => useOptimisticActionWithTelemetry({ action: () => Promise.reject(new Error('declined')), component: 'Pay', rollback }),
      { wrapper: Surroundings },
    );
    await act(async () => {
      const done = result.current.execute();
      await vi.advanceTimersByTimeAsync(50);
      await done;
    });
    expect(result.current).toMatchObject({ status: 'error', error: new Error('declined') });
    expect(rollback).toHaveBeenCalledOnce();
    expect(recorder.of('optimistic_action_rollback')[0]).toMatchObject({ rollback_reason: 'declined', rollback_ms: 40, duration_ms: 40 });
  });

  it('shows the latest of two executions, whichever ends first', async () => {
    const waits: ((value: string) => void)[] = [];
    const { result } = renderHook(
      () => useOptimisticActionWithTelemetry({ action: () => new Promise<string>((done) => waits.push(done)), component: 'Pay' }),
      { wrapper: Surroundings },
    );
    let first!: Promise<unknown>;
    let second!: Promise<unknown>;
    act(() => {
      first = result.current.execute();
      second = result.current.execute();
    });
    await act(async () => (waits[1]!('new'), await second));
    expect(result.current.status).toBe('success');
    await act(async () => (waits[0]!('old'), await first));
    expect(result.current.status).toBe('success');
    expect(recorder.types().sort()).toEqual(['optimistic_action_start', 'optimistic_action_start', 'optimistic_action_success', 'optimistic_action_success']);
  });
});

describe('useDebouncedClickWithTelemetry', () => {
  function click(action: () => unknown, delay = 500) {
    return renderHook(() => useDebouncedClickWithTelemetry(action, { delay, component: 'Pay' }), { wrapper: Surroundings });
  }

  it('suppresses while the first click is being worked on', async () => {
    let done!: () => void;
    const action = vi.fn(() => new Promise<void>((resolve) => (done = resolve)));
    const { result } = click(action, 10);
    result.current();
    vi.advanceTimersByTime(50);
    result.current();
    expect(action).toHaveBeenCalledOnce();
    expect(recorder.of('click_suppressed')).toEqual([{ suppression_reason: 'already_processing' }]);
    done();
    await vi.advanceTimersByTimeAsync(1);
    result.current();
    expect(action).toHaveBeenCalledTimes(2);
  });

  it('suppresses what comes too soon, and runs what comes later', () => {
    const action = vi.fn();
    const { result } = click(action);
    result.current();
    vi.advanceTimersByTime(100);
    result.current();
    vi.advanceTimersByTime(500);
    result.current();
    expect(action).toHaveBeenCalledTimes(2);
    expect(recorder.of('click_suppressed')).toEqual([{ suppression_reason: 'too_soon' }]);
  });

  it('tells a duplicate that ran because the button was made anew', () => {
    const first = click(vi.fn());
    first.result.current();
    first.unmount();
    vi.advanceTimersByTime(50);
    click(vi.fn()).result.current();
    expect(recorder.of('duplicate_leaked')).toEqual([{ since_last_ms: 50 }]);
  });

  it('takes two buttons of one kind for two', () => {
    const first = click(vi.fn());
    const second = click(vi.fn());
    first.result.current();
    second.result.current();
    expect(recorder.types()).toEqual([]);
  });
});

function Crashing({ when }: { when: () => boolean }) {
  if (when()) throw new TypeError('broken');
  return <p>up</p>;
}

describe('ErrorBoundary', () => {
  function show(isBroken: () => boolean) {
    return render(
      <ErrorBoundary component="Checkout" collector={recorder.collector} fallback={({ reset }) => <button onClick={reset as () => void}>again</button>}>
        <Crashing when={isBroken} />
      </ErrorBoundary>,
      { wrapper: Surroundings },
    );
  }
  const signals = () => recorder.types().filter((type) => type !== 'error');

  it('tells the crash once, with the error itself', () => {
    show(() => true);
    expect(recorder.types()).toEqual(['error_boundary_triggered', 'error']);
    expect(recorder.of('error_boundary_triggered')[0]).toEqual({ error_type: 'TypeError', error_message: 'broken' });
    expect(recorder.of('error')[0]).toMatchObject({ handled: true, errorType: 'TypeError', context: { componentStack: expect.stringContaining('Crashing') } });
  });

  it('tells the recovery when the children stay up, timed from crash to reset', () => {
    let isBroken = true;
    show(() => isBroken);
    vi.advanceTimersByTime(300);
    isBroken = false;
    fireEvent.click(screen.getByText('again'));
    expect(screen.getByText('up')).toBeTruthy();
    expect(signals()).toEqual(['error_boundary_triggered']);
    vi.advanceTimersByTime(1_100);
    expect(signals()).toEqual(['error_boundary_triggered', 'error_boundary_recovered']);
    expect(recorder.of('error_boundary_recovered')[0]).toEqual({ error_type: 'TypeError', error_message: 'broken', recovery_method: 'retry', recovery_time_ms: 300 });
  });

  it('does not take a reset that crashes again for a recovery', () => {
    show(() => true);
    fireEvent.click(screen.getByText('again'));
    vi.advanceTimersByTime(5_000);
    expect(signals()).toEqual(['error_boundary_triggered']);
  });

  it('recovers by its reset keys', () => {
    let isBroken = true;
    function Page() {
      const [page, setPage] = useState(1);
      return (
        <>
          <button onClick={() => setPage(2)}>next</button>
          <ErrorBoundary component="Page" collector={recorder.collector} resetKeys={[page]}>
            <Crashing when={() => isBroken} />
          </ErrorBoundary>
        </>
      );
    }
    render(<Page />, { wrapper: Surroundings });
    isBroken = false;
    fireEvent.click(screen.getByText('next'));
    vi.advanceTimersByTime(1_100);
    expect(recorder.of('error_boundary_recovered')[0]).toMatchObject({ recovery_method: 'reset_keys' });
  });
});

describe('react-error-boundary', () => {
  it('tells crash and recovery, and no recovery for a reset that fails', () => {
    let isBroken = true;
    const observed = observeErrorBoundary('Profile', recorder.collector);
    render(
      <LibraryBoundary {...observed} fallbackRender={({ resetErrorBoundary }) => <button onClick={resetErrorBoundary}>again</button>}>
        <Crashing when={() => isBroken} />
      </LibraryBoundary>,
    );
    fireEvent.click(screen.getByText('again'));
    vi.advanceTimersByTime(2_000);
    isBroken = false;
    fireEvent.click(screen.getByText('again'));
    vi.advanceTimersByTime(2_000);
    expect(recorder.types().filter((type) => type !== 'error')).toEqual(['error_boundary_triggered', 'error_boundary_recovered']);
  });
});

describe('Skeleton', () => {
  it('tells shown and hidden once each, in Strict Mode too', async () => {
    const { rerender } = render(<Skeleton component="Inbox" loading>ready</Skeleton>, { wrapper: Surroundings });
    await vi.advanceTimersByTimeAsync(250);
    rerender(<Skeleton component="Inbox" loading={false}>ready</Skeleton>);
    await vi.advanceTimersByTimeAsync(0);
    expect(recorder.types()).toEqual(['loading_skeleton_shown', 'loading_skeleton_hidden']);
    expect(recorder.of('loading_skeleton_hidden')[0]).toEqual({ duration_ms: 250 });
    expect(screen.getByText('ready')).toBeTruthy();
  });

  it('works as the fallback of a Suspense boundary', async () => {
    let ready!: (text: string) => void;
    const text = new Promise<string>((done) => (ready = done));
    const Late = () => <p>{use(text)}</p>;
    await act(async () => render(<Suspense fallback={<Skeleton component="Feed" />}><Late /></Suspense>, { wrapper: Surroundings }));
    expect(recorder.types()).toEqual(['loading_skeleton_shown']);
    await act(async () => (ready('here'), await vi.advanceTimersByTimeAsync(500)));
    expect(recorder.types()).toEqual(['loading_skeleton_shown', 'loading_skeleton_hidden']);
  });
});

describe('on a server', () => {
  it('renders every component and records nothing', () => {
    const page = renderToString(
      <Surroundings>
        <ErrorBoundary component="A"><Skeleton component="B" /></ErrorBoundary>
      </Surroundings>,
    );
    expect(page).toContain('aria-busy');
    expect(recorder.types()).toEqual([]);
  });
});
