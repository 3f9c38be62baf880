/** Retry signals of axios with axios-retry: call it after `axiosRetry(instance)`. Latency is measured by `init` already. */
import { safeUrl } from '../collector/page.js';
import { createRetryRecorder, type AdapterOptions, type RetryRecorder } from './retry-recorder.js';

interface RequestConfig {
  url?: string;
  baseURL?: string;
  'axios-retry'?: { retryCount?: number; lastRequestTime?: number };
  holdfast?: Call;
}

/** axios copies plain objects from config to config; an instance of a class stays the same one for all attempts. */
class Call {
  sentAt = 0;
  done = false;
  constructor(readonly recorder: RetryRecorder) {}
}

interface AxiosLike {
  interceptors: {
    request: { use(fulfilled: (config: any) => any): number; eject(id: number): void };
    response: { use(fulfilled: (response: any) => any, rejected: (error: any) => any): number; eject(id: number): void };
  };
}

/** The answer stops watching. */
export function observeAxios(instance: AxiosLike, settings: AdapterOptions = {}): () => void {
  const request = instance.interceptors.request.use((config: RequestConfig) => {
    const call = callOf(config, settings);
    if (config['axios-retry']?.retryCount) call.recorder.retrying(performance.now() - call.sentAt);
    call.sentAt = performance.now();
    return config;
  });
  const response = instance.interceptors.response.use(
    (answer: { config: RequestConfig }) => {
      end(answer.config, (recorder) => recorder.succeeded());
      return answer;
    },
    (error: { config?: RequestConfig }) => {
      end(error?.config, (recorder) => recorder.failed(error));
      throw error;
    },
  );
  return () => {
    instance.interceptors.request.eject(request);
    instance.interceptors.response.eject(response);
  };
}

function callOf(config: RequestConfig, settings: AdapterOptions): Call {
  config.holdfast ??= new Call(createRetryRecorder({ component: 'axios', ...settings, endpoint: settings.endpoint ?? routeFor(config) }));
  return config.holdfast;
}

function routeFor({ url = '', baseURL = '' }: RequestConfig): string {
  return safeUrl(/^[a-z]+:/i.test(url) || !baseURL ? url : baseURL.replace(/\/$/, '') + '/' + url.replace(/^\//, ''));
}

/** A response interceptor runs once per attempt for one call: the first end counts. */
function end(config: RequestConfig | undefined, tell: (recorder: RetryRecorder) => void): void {
  const call = config?.holdfast;
  if (!call || call.done) return;
  call.done = true;
  tell(call.recorder);
}
