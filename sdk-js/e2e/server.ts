/** A real Holdfast server with a data folder of its own, and what its API says of what it was sent. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface StoredEvent {
  type: string;
  component?: string;
  page?: string;
  name?: string;
  action?: string;
  endpoint?: string;
  method?: string;
  status?: number;
  duration?: number;
  value?: number;
  unit?: string;
  sessionId?: string;
  userId?: string;
  release?: string;
  metadata: Record<string, any>;
}

export interface HoldfastServer {
  url: string;
  key: string;
  /** Reads. */
  secret: string;
  /** Stored events, oldest first; `wanted` waits until so many of the types are there. */
  events(query?: string): Promise<StoredEvent[]>;
  until(test: (events: StoredEvent[]) => boolean, query?: string): Promise<StoredEvent[]>;
  get<T = any>(path: string): Promise<T>;
  /** The rows that answer a SELECT. */
  query(sql: string): Promise<any[][]>;
  /** Kill it, as a power cut would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startServer(): Promise<HoldfastServer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  let child: ChildProcess;
  let output = '';

  async function start(): Promise<void> {
    child = spawn(join(ROOT, '.venv/bin/python'), ['-m', 'holdfast_server.cli', 'serve', '--data', join(folder, 'data'), '--port', String(port)], {
      env: { ...process.env, PYTHONPATH: process.env.HOLDFAST_SERVER_SOURCE ?? join(ROOT, 'server/src'), COLUMNS: '200' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout!.on('data', (text) => (output += text));
    child.stderr!.on('data', (text) => (output += text));
    for (let waited = 0; waited < 60_000; waited += 100) {
      if (child.exitCode !== null) throw new Error(`The server stopped:\n${output.slice(-2_000)}`);
      const ready = await fetch(url + '/readyz').catch(() => undefined);
      if (ready?.ok) return;
      await pause(100);
    }
    throw new Error(`The server did not start:\n${output.slice(-2_000)}`);
  }

  await start();
  const key = await found(/hf_pub_[\w-]+/, () => output);
  const secret = await found(/hf_sec_[\w-]+/, () => output);

  async function get<T>(path: string): Promise<T> {
    const answer = await fetch(url + path, { headers: { Authorization: `Bearer ${secret}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
  const events = async (query = '') => (await get<{ events: StoredEvent[] }>(`/api/events?limit=1000${query}`)).events.reverse();

  return {
    url,
    key,
    secret,
    get,
    async query(sql) {
      const headers = { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' };
      const answer = await fetch(url + '/api/query', { method: 'POST', headers, body: JSON.stringify({ sql }) });
      if (!answer.ok) throw new Error(`${sql}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()).rows;
    },
    events,
    start,
    async until(test, query) {
      let seen: StoredEvent[] = [];
      for (let waited = 0; waited < 10_000; waited += 250) {
        seen = await events(query);
        if (test(seen)) return seen;
        await pause(250);
      }
      throw new Error(`Not in the API after 10 s; it has ${JSON.stringify(counts(seen))}`);
    },
    kill: () => ended(child, 'SIGKILL'),
    async stop() {
      await ended(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function counts(events: StoredEvent[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const { type } of events) result[type] = (result[type] ?? 0) + 1;
  return result;
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill(signal);
  await gone;
}

async function found(pattern: RegExp, text: () => string): Promise<string> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    const match = pattern.exec(text());
    if (match) return match[0];
    await pause(50);
  }
  throw new Error(`The server's first words lack ${pattern}:\n${text().slice(-2_000)}`);
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, 'localhost', done));
  const { port } = probe.address() as { port: number };
  await new Promise((done) => probe.close(done));
  return port;
}
