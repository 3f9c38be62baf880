/** Document T's health checks: services that are asked from time to time, and what to say about them together. */
import { later } from '../collector/attempt.js';
import type { TelemetryCollector } from '../collector/collector.js';
import { describeError } from '../errors/describe-error.js';

export const HealthStatus = { HEALTHY: 'healthy', DEGRADED: 'degraded', UNHEALTHY: 'unhealthy', UNKNOWN: 'unknown' } as const;
export type HealthStatus = (typeof HealthStatus)[keyof typeof HealthStatus];

export interface ServiceHealth {
  service: string;
  status: HealthStatus;
  /** Epoch milliseconds. */
  timestamp: number;
  responseTime?: number;
  message?: string;
}

export interface HealthCheckConfig {
  enabled?: boolean;
  /** Default 60 s. */
  checkIntervalMs?: number;
  /** So many bad checks in a row make a service unhealthy; before that it is degraded. Default 3. */
  failureThreshold?: number;
  /** A check that takes longer counts as failed. Default 10 s. */
  timeoutMs?: number;
}

export interface ServiceOptions {
  /** Services that this one needs: when one of them is unhealthy, this one is degraded. */
  dependsOn?: string[];
}

export interface HealthReport {
  status: HealthStatus;
  timestamp: number;
  /** Milliseconds since this health check was made. */
  uptime: number;
  services: (ServiceHealth & { consecutiveFailures: number; dependsOn: string[] })[];
}

type Check = () => Promise<ServiceHealth> | ServiceHealth;

interface Service {
  check: Check;
  dependsOn: string[];
  last: ServiceHealth;
  failures: number;
}

export class HealthCheck {
  readonly #collector: TelemetryCollector;
  readonly #config: Required<HealthCheckConfig>;
  readonly #services = new Map<string, Service>();
  readonly #startedAt = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(collector: TelemetryCollector, config: HealthCheckConfig = {}) {
    this.#collector = collector;
    this.#config = { enabled: true, checkIntervalMs: 60_000, failureThreshold: 3, timeoutMs: 10_000, ...config };
    if (this.#config.enabled) this.#schedule();
  }

  registerService(name: string, check: Check, { dependsOn = [] }: ServiceOptions = {}): void {
    const last: ServiceHealth = { service: name, status: HealthStatus.UNKNOWN, timestamp: Date.now() };
    this.#services.set(name, { check, dependsOn, last, failures: 0 });
  }

  unregisterService(name: string): void {
    this.#services.delete(name);
  }

  /** Ask one service now. A service that nobody registered is unknown. */
  async checkService(name: string): Promise<ServiceHealth> {
    const service = this.#services.get(name);
    if (!service) return { service: name, status: HealthStatus.UNKNOWN, timestamp: Date.now() };
    const before = service.last.status;
    const result = await this.#ask(name, service.check);
    service.failures = result.status === HealthStatus.UNHEALTHY ? service.failures + 1 : 0;
    // One bad answer may be a hiccup.
    const isCertain = result.status !== HealthStatus.UNHEALTHY || service.failures >= this.#config.failureThreshold;
    service.last = isCertain ? result : { ...result, status: HealthStatus.DEGRADED };
    if (service.last.status !== before) this.#tell(service.last, before);
    return service.last;
  }

  /** Ask all services now and sum up. */
  async getHealthReport(): Promise<HealthReport> {
    await Promise.all([...this.#services.keys()].map((name) => this.checkService(name)));
    const services = [...this.#services.values()].map((service) => ({
      ...service.last,
      status: this.#withDependencies(service),
      consecutiveFailures: service.failures,
      dependsOn: service.dependsOn,
    }));
    const uptime = Math.round(performance.now() - this.#startedAt);
    return { status: worst(services.map(({ status }) => status)), timestamp: Date.now(), uptime, services };
  }

  async isHealthy(): Promise<boolean> {
    return (await this.getHealthReport()).status === HealthStatus.HEALTHY;
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#config.enabled = false;
    this.#services.clear();
  }

  async #ask(name: string, check: Check): Promise<ServiceHealth> {
    const startedAt = performance.now();
    const tooLate = new Promise<never>((_, reject) =>
      later(() => reject(new Error(`no answer within ${this.#config.timeoutMs} ms`)), this.#config.timeoutMs),
    );
    try {
      const result = await Promise.race([check(), tooLate]);
      return { responseTime: Math.round(performance.now() - startedAt), ...result, service: name };
    } catch (error) {
      return { service: name, status: HealthStatus.UNHEALTHY, timestamp: Date.now(), message: describeError(error).message };
    }
  }

  #tell({ service, status, responseTime, message }: ServiceHealth, before: HealthStatus): void {
    this.#collector.track({ type: 'health_check', name: service, duration: responseTime, metadata: { status, before, message } });
  }

  #withDependencies({ last, dependsOn }: Service): HealthStatus {
    const isBroken = dependsOn.some((name) => this.#services.get(name)?.last.status === HealthStatus.UNHEALTHY);
    return isBroken && last.status === HealthStatus.HEALTHY ? HealthStatus.DEGRADED : last.status;
  }

  #schedule(): void {
    this.#timer = later(async () => {
      await Promise.all([...this.#services.keys()].map((name) => this.checkService(name)));
      if (this.#config.enabled) this.#schedule();
    }, this.#config.checkIntervalMs);
  }
}

function worst(states: HealthStatus[]): HealthStatus {
  const order: HealthStatus[] = [HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.UNKNOWN];
  return order.find((status) => states.includes(status)) ?? HealthStatus.HEALTHY;
}
