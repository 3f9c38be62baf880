/** Where this shop's telemetry goes; `serve.mjs` writes /config.js from its environment. */
import { init } from '@holdfast/browser/auto';

interface ShopConfig {
  endpoint: string;
  key: string;
  release?: string;
}

const { endpoint, key, release } = (window as unknown as { shopConfig: ShopConfig }).shopConfig;

export const collector = init({ endpoint, key, release: release ?? '1.0.0', environment: 'demo' });
