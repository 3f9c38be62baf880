/** Document 004: the client library. */
import express from 'express';
import {
  TelemetryCollector,
  PerformanceMetrics,
  UsageAnalytics,
  ErrorTracking,
  ErrorSeverity,
  HealthCheck,
  HealthStatus,
} from '@holdfast/browser';

const error = new Error('from the surroundings');
const analyticsService = { sendBatch: async (_events: unknown[]) => {} };

export async function basicUsage() {
  const collector = new TelemetryCollector({
    enabled: true,
    transport: 'http',
    endpoint: 'https://analytics.example.com/events',
    maxBufferSize: 50,
    flushIntervalMs: 30000,
    sampling: 'always',
    redactPII: true,
  });

  // Track events
  collector.track({
    type: 'feature.used',
    timestamp: Date.now(),
    data: { featureId: 'proactive-suggestions' },
  });

  // Track performance
  collector.trackPerformance({
    name: 'api.latency',
    value: 150,
    unit: 'ms',
  });

  // Track errors
  collector.trackError(error, { context: 'api-call' });

  // Manual flush
  await collector.flush();

  // Cleanup
  collector.destroy();
}

export function performanceMetrics(collector: TelemetryCollector) {
  const metrics = new PerformanceMetrics(collector, {
    trackCoreWebVitals: true,
    trackResources: true,
    maxTimings: 1000,
  });

  // Track AI operations
  metrics.trackAIOperation({
    contextGatheringMs: 50,
    contextCompressionMs: 30,
    apiCallMs: 200,
    totalMs: 280,
    tokens: 500,
    contextSizeBytes: 1024,
  });

  // Create performance marks
  metrics.mark('operation-start');
  // ... do work
  metrics.mark('operation-end');
  const duration = metrics.measure('operation', 'operation-start', 'operation-end');

  // Get Core Web Vitals
  const cwv = metrics.getCoreWebVitals();
  console.log('LCP:', cwv.lcp, 'FID:', cwv.fid, 'CLS:', cwv.cls);

  // Get AI operation summary
  const summary = metrics.getAIOperationsSummary();
  console.log('P95 latency:', summary.p95, 'ms');
  return { duration, summary };
}

export function usageAnalytics(collector: TelemetryCollector) {
  const analytics = new UsageAnalytics(collector, {
    trackFeatures: true,
    trackConversations: true,
    trackProviders: true,
    trackProactive: true,
  });

  // Track feature usage
  analytics.trackFeature('proactive-suggestions', 'enabled', {
    userId: 'user-123',
  });

  // Track conversations
  analytics.startConversation('conv-1', 'openai');
  analytics.trackMessage('conv-1', 50, 'user');
  analytics.trackMessage('conv-1', 200, 'assistant');
  analytics.endConversation('conv-1', true);

  // Track provider usage
  analytics.trackProviderRequest('openai', 150, true, 500);

  // Track proactive behavior
  analytics.trackProactiveSuggestion('sugg-1', { intrusionLevel: 'low' });
  analytics.trackProactiveAcceptance('sugg-1', 5000);

  // Get statistics
  const featureStats = analytics.getFeatureAdoptionStats();
  const conversationStats = analytics.getConversationStats();
  const proactiveMetrics = analytics.getProactiveMetrics();
  return { featureStats, conversationStats, proactiveMetrics };
}

export function errorTracking(collector: TelemetryCollector) {
  const errorTracking = new ErrorTracking(collector, {
    enabled: true,
    captureUnhandled: true,
    captureUnhandledRejections: true,
    maxBreadcrumbs: 50,
    deduplicate: true,
  });

  // Add breadcrumbs for context
  errorTracking.addBreadcrumb({
    category: 'navigation',
    message: 'User navigated to settings',
    level: 'info',
  });

  // Capture errors
  const errorId = errorTracking.captureError(error, {
    severity: ErrorSeverity.ERROR,
    context: { endpoint: '/api/chat', method: 'POST' },
    user: { id: 'user-123', sessionId: 'session-456' },
  });

  // Track recovery
  errorTracking.trackRecovery(errorId, true, {
    strategy: 'retry',
    attempts: 2,
  });

  // Get error groups
  const groups = errorTracking.getErrorGroups();
  console.log('Top error:', groups[0].count, 'occurrences');

  // Get statistics
  const stats = errorTracking.getStats();
  console.log('Total errors:', stats.totalErrors);
  console.log('Unique groups:', stats.uniqueGroups);
  errorTracking.destroy();
  return { groups, stats };
}

export async function healthChecks(collector: TelemetryCollector) {
  const healthCheck = new HealthCheck(collector, {
    enabled: true,
    checkIntervalMs: 60000,
    failureThreshold: 3,
  });

  // Register services
  healthCheck.registerService('api', async () => {
    try {
      const response = await fetch('/api/health');
      return {
        service: 'api',
        status: response.ok ? HealthStatus.HEALTHY : HealthStatus.DEGRADED,
        timestamp: Date.now(),
        responseTime: 100,
      };
    } catch (error) {
      return {
        service: 'api',
        status: HealthStatus.UNHEALTHY,
        timestamp: Date.now(),
        message: error.message,
      };
    }
  });

  // Get health report
  const report = await healthCheck.getHealthReport();
  console.log('System status:', report.status);
  console.log('Uptime:', report.uptime, 'ms');

  // Check if system is healthy
  const isHealthy = await healthCheck.isHealthy();
  healthCheck.destroy();
  return { report, isHealthy };
}

export function basicSetup() {
  // 1. Initialize collector
  const collector = new TelemetryCollector({
    enabled: true,
    transport: 'http',
    endpoint: 'https://analytics.example.com/events',
    redactPII: true,
  });

  // 2. Initialize subsystems
  const performance = new PerformanceMetrics(collector);
  const analytics = new UsageAnalytics(collector);
  const errors = new ErrorTracking(collector);
  const health = new HealthCheck(collector);

  // 3. Use throughout application
  analytics.trackFeature('chat', 'started');
  performance.trackAIOperation({ totalMs: 150, tokens: 500 });

  // 4. Cleanup on shutdown
  collector.destroy();
  performance.destroy();
  errors.destroy();
  health.destroy();
}

export function privacy() {
  const collector = new TelemetryCollector({
    redactPII: true,
    redactFields: [
      'email',
      'password',
      'token',
      'apiKey',
      'secret',
      'creditCard',
      'ssn',
    ],
  });

  collector.track({
    type: 'user.login',
    timestamp: Date.now(),
    data: {
      email: 'user@example.com',  // Automatically redacted to '[REDACTED]'
      password: 'secret123',       // Automatically redacted
      username: 'john_doe',        // Not redacted
    },
  });
  return collector;
}

export function serverSide() {
  const app = express();
  const collector = new TelemetryCollector({
    enabled: true,
    transport: 'custom',
    customTransport: async (events) => {
      // Send to analytics service
      await analyticsService.sendBatch(events);
    },
  });

  // Middleware to track requests
  app.use((req, res, next) => {
    const start = Date.now();

    res.on('finish', () => {
      collector.track({
        type: 'http.request',
        timestamp: Date.now(),
        data: {
          method: req.method,
          path: req.path,
          status: res.statusCode,
          duration: Date.now() - start,
        },
      });
    });

    next();
  });

  // Endpoint to receive client telemetry
  app.post('/api/telemetry', express.json(), (req, res) => {
    const { events } = req.body;
    events.forEach(event => collector.track(event));
    res.sendStatus(204);
  });
  return { app, collector };
}

export class TelemetryManager {
  private collector: TelemetryCollector;

  constructor() {
    const userConsent = this.getUserConsent();
    this.collector = new TelemetryCollector({
      enabled: userConsent === 'granted',
    });
  }

  updateConsent(consent: 'granted' | 'denied') {
    localStorage.setItem('telemetry-consent', consent);
    this.collector.updateConfig({
      enabled: consent === 'granted',
    });
  }

  private getUserConsent(): string {
    return localStorage.getItem('telemetry-consent') || 'denied';
  }
}

export async function considerations(metrics: PerformanceMetrics, checkDatabase: any, checkAPI: any, checkCache: any) {
  // Sampling
  new TelemetryCollector({
    sampling: 'probabilistic',
    samplingRate: 0.1,  // Sample 10% of events
  });
  const collector = new TelemetryCollector({
    sampling: 'throttled',
    maxEventsPerWindow: 100,  // Max 100 events per minute
    throttleWindowMs: 60000,
  });
  const resources = metrics.getResourceMetrics();
  console.log('Memory usage:', resources.memoryUsage, 'bytes');

  // Register critical services
  const healthCheck = new HealthCheck(collector);
  healthCheck.registerService('database', checkDatabase);
  healthCheck.registerService('api', checkAPI);
  healthCheck.registerService('cache', checkCache);
  const report = await healthCheck.getHealthReport();
  const alertOps = (_text: string, _report: unknown) => {};
  if (report.status === HealthStatus.DEGRADED) {
    alertOps('System degraded', report);
  }

  const config = collector.getConfig();
  console.log('Enabled:', config.enabled);
  const status = collector.getBufferStatus();
  console.log('Buffer size:', status.size, '/', status.maxSize);
  collector.updateConfig({ maxBufferSize: 25 });
  collector.updateConfig({ flushIntervalMs: 15000 });
  collector.updateConfig({
    sampling: 'probabilistic',
    samplingRate: 0.5,
  });
  healthCheck.destroy();
}

export function retryingTransport(sendEvents: (events: unknown) => Promise<void>, sleep: (ms: number) => Promise<void>) {
  const customTransport = async (events) => {
    let attempts = 0;
    while (attempts < 3) {
      try {
        await sendEvents(events);
        return;
      } catch (error) {
        attempts++;
        if (attempts === 3) throw error;
        await sleep(1000 * attempts);
      }
    }
  };
  return new TelemetryCollector({ transport: 'custom', customTransport });
}
