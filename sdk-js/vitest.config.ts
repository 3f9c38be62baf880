import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const SOURCE = fileURLToPath(new URL('packages/browser/src/', import.meta.url));
const REACT = fileURLToPath(new URL('packages/react/src/', import.meta.url));

/** `unit` needs no browser and no network; `e2e` drives Chromium against real servers. */
export default defineConfig({
  test: {
    projects: [
      {
        resolve: {
          alias: [
            { find: '@holdfast/browser/report-bug', replacement: SOURCE + 'feedback/index.ts' },
            { find: '@holdfast/browser', replacement: SOURCE + 'index.ts' },
            { find: '@holdfast/react/dashboard', replacement: REACT + 'resilience-dashboard.tsx' },
            { find: '@holdfast/react', replacement: REACT + 'index.ts' },
          ],
        },
        test: {
          name: 'unit',
          include: ['packages/*/tests/**/*.test.{ts,tsx}', 'samples/*.test.tsx'],
          environment: 'happy-dom',
          sequence: { shuffle: true },
          restoreMocks: true,
          unstubGlobals: true,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          environment: 'node',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
