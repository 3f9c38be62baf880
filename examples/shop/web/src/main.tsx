import { collector } from './holdfast';
import { observeQueryClient } from '@holdfast/browser/tanstack-query';
import { TelemetryProvider } from '@holdfast/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Shop } from './shop';

const queries = new QueryClient({ defaultOptions: { queries: { retry: 2, retryDelay: 100, refetchOnWindowFocus: false } } });
observeQueryClient(queries, { collector });

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <TelemetryProvider collector={collector}>
      <QueryClientProvider client={queries}>
        <Shop />
      </QueryClientProvider>
    </TelemetryProvider>
  </StrictMode>,
);
