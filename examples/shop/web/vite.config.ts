import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // One React, although the SDK is linked from beside.
  resolve: { dedupe: ['react', 'react-dom'] },
  server: { proxy: { '/shop-api': 'http://localhost:5180', '/config.js': 'http://localhost:5180' } },
});
