/** Documents 000 and 001: the hooks, and the dashboard; document 002: the report button. */
import { useEffect } from 'react';
import { useResilienceTelemetry } from '@holdfast/react'
import { useOptimisticActionWithTelemetry, useDebouncedClickWithTelemetry } from '@holdfast/react'
import { ReportBugButton } from '@holdfast/react';
import { ResilienceDashboard, type AlertThreshold } from '@holdfast/react/dashboard'

export function ClientSideTelemetry({ userId }: { userId: string | null }) {
  // In your component
  const { setUserId, track } = useResilienceTelemetry()

  // Set user ID when user logs in
  useEffect(() => {
    if (userId) {
      setUserId(userId)
    }
  }, [userId])

  useEffect(() => {
    // Track specific events
    track.optimisticActionStart('PaymentButton', 'payment_123')
    track.loadingSkeletonShown('VendorInbox')
  }, [])
  return null
}

export function EnhancedHooks() {
  // Telemetry-enhanced optimistic action
  const { execute, status, error } = useOptimisticActionWithTelemetry({
    action: async () => { /* ... */ },
    component: 'PaymentButton', // Required for telemetry
    onSuccess: (result) => { /* ... */ },
    onError: (error) => { /* ... */ }
  })
  const executePayment = () => execute()

  // Telemetry-enhanced debounced click
  const debouncedPayment = useDebouncedClickWithTelemetry(
    () => executePayment(),
    { 
      delay: 500,
      component: 'PaymentButton' // Required for telemetry
    }
  )
  return <button onClick={debouncedPayment}>{status}</button>
}

export function ComponentIntegration() {
  // Replace existing hooks with telemetry versions
  // Add component names to all telemetry calls
  const { execute } = useOptimisticActionWithTelemetry({
    action: async () => { /* ... */ },
    component: 'YourComponentName', // Required!
    // ... other options
  })

  const debouncedAction = useDebouncedClickWithTelemetry(
    () => execute(),
    { 
      delay: 300,
      component: 'YourComponentName' // Required for telemetry
    }
  )
  return <button onClick={debouncedAction}>go</button>
}

export function YourComponent({ userId }: { userId: string }) {
  const { setUserId, track } = useResilienceTelemetry()
  
  useEffect(() => {
    // Set user ID when user logs in
    if (userId) {
      setUserId(userId)
    }
  }, [userId, setUserId])
  
  // Track specific events
  const handleAction = () => {
    track.optimisticActionStart('YourComponent', 'action_123')
    // ... your action logic
  }
  
  return (
    <button onClick={handleAction}>act</button>
  )
}

export function AdminPage() {
  return (
    // In your admin page
    <ResilienceDashboard />
  )
}

export const DEFAULT_ALERT_THRESHOLDS: AlertThreshold[] = [
  {
    metric: 'rollback_rate',
    threshold: 5.0, // Adjust this value
    operator: 'gt',
    severity: 'warning',
    message: 'Custom rollback rate message'
  }
  // ... other thresholds
]

export default function Layout({ children }) {
  return (
    <>
      {children}
      <ReportBugButton hideForAdmin />
    </>
  );
}
